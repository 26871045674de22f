-- Purpose: an index on columns of a table, under a name that PostgreSQL chooses.
-- Parameters: Schema, Table, Columns.
-- Idempotent: no; makes another one each time.
CREATE INDEX ON {{ident .Schema}}.{{ident .Table}} ({{idents .Columns}})
