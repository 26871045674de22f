-- Purpose: add a nullable column to a table.
-- Parameters: Table, Column, Type (a DuckDB type).
-- Idempotent: no; fails when the column is there.
ALTER TABLE main.{{ident .Table}} ADD COLUMN {{ident .Column}} {{.Type}}
