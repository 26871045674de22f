-- Purpose: the partition for rows without a time, and for those of months that
--   have no partition.
-- Parameters: Schema, Table, Name.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS {{ident .Schema}}.{{ident .Name}} PARTITION OF {{ident .Schema}}.{{ident .Table}} DEFAULT
