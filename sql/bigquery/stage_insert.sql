-- Purpose: put staged rows into a table.
-- Parameters: Table, Columns, Stage.
-- Idempotent: no; part of a transaction that looks for the load first.
INSERT INTO {{ident .Table}} ({{idents .Columns}})
SELECT {{idents .Columns}} FROM {{ident .Stage}}
