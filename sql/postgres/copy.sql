-- Purpose: take rows in the binary format.
-- Parameters: Schema, Table (of the schema), Temp (true = a temporary table),
--   Columns.
-- Idempotent: no; part of a transaction that looks for the load first.
COPY {{if .Temp}}pg_temp{{else}}{{ident .Schema}}{{end}}.{{ident .Table}} ({{idents .Columns}}) FROM STDIN (FORMAT binary)
