-- Purpose: put the records of an object into a table, as its columns hold them.
-- Parameters: Table, Columns (of the table: Name; Field; functions Form, Text,
--   Hash and Cast, as in pull_aside_cells), Stage.
-- Idempotent: no; part of a transaction that looks for the load first.
INSERT INTO {{ident .Table}} ({{range .Columns}}{{ident .Name}}, {{end}}_tapline_slice, _tapline_load, _tapline_row, _tapline_loaded_at)
SELECT {{range .Columns}}{{.Cast}}({{.Hash}}({{.Text}}({{.Form}}({{ident .Field}})))), {{end}}_tapline_slice, _tapline_load, _tapline_row, _tapline_loaded_at
FROM {{ident .Stage}}
