-- Purpose: put the rows of the parts into a table. Columns that the parts
--   lack become NULL.
-- Parameters: Table, Columns, Paths, Only (a table of the places to take; ""
--   for all).
-- Idempotent: no; part of a transaction that looks for the load first.
INSERT INTO main.{{ident .Table}} ({{idents .Columns}})
SELECT {{idents .Columns}}
FROM read_parquet([{{texts .Paths}}], union_by_name = true, hive_partitioning = false)
{{- if .Only}}
WHERE _tapline_row IN (SELECT place FROM temp.{{ident .Only}}){{end}}
