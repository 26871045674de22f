-- Purpose: how many records there are, and of which kinds the cells of columns are.
-- Parameters: Stage, Columns (Field, Kind: the function that tells).
-- Idempotent: reads only.
SELECT COUNT(*) AS n{{range .Columns}}, IFNULL(BIT_OR({{.Kind}}({{ident .Field}})), 0){{end}} FROM {{ident .Stage}}
