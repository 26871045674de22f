-- Purpose: make an integer column a floating one.
-- Parameters: Table, Column.
-- Idempotent: yes.
ALTER TABLE {{ident .Table}} ALTER COLUMN {{ident .Column}} SET DATA TYPE FLOAT64
