-- Purpose: rows whose key has a NULL have no history: they are current. Rows that
--   tapline did not load are left alone.
-- Parameters: Table, Filter, Key (each with Name); @day.
-- Idempotent: yes.
UPDATE {{ident .Table}} SET valid_from = _tapline_loaded_at, valid_to = NULL, is_current = TRUE
WHERE valid_from IS NULL AND _tapline_load IS NOT NULL AND ({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k.Name}} IS NULL{{end}}){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
