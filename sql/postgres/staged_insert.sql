-- Purpose: put the staged rows into their table.
-- Parameters: Schema, Table, Columns.
-- Idempotent: no; once a transaction.
INSERT INTO {{ident .Schema}}.{{ident .Table}} ({{idents .Columns}})
SELECT {{idents .Columns}} FROM pg_temp._tapline_staged
