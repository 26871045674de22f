-- Purpose: keep the vendor's name of a column.
-- Parameters: Table, Column, Source.
-- Idempotent: yes.
COMMENT ON COLUMN main.{{ident .Table}}.{{ident .Column}} IS {{text .Source}}
