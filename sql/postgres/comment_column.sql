-- Purpose: keep the vendor's name of a column.
-- Parameters: Schema, Table, Column, Source.
-- Idempotent: yes.
COMMENT ON COLUMN {{ident .Schema}}.{{ident .Table}}.{{ident .Column}} IS {{text .Source}}
