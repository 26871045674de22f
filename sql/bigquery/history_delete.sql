-- Purpose: remove the rows of a slice's older revisions that have no history,
--   since their key has a NULL or their load no receipt.
-- Parameters: Table, Filter, Key (each Name, and Text where the database cannot
--   partition by the type itself); @slice, @in_table, @day.
-- Idempotent: yes.
DELETE FROM {{ident .Table}}
WHERE _tapline_slice = @slice AND ({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k.Name}} IS NULL{{end}}
  OR _tapline_load NOT IN (SELECT id FROM `_tapline_receipts` WHERE `table` = @in_table)){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
