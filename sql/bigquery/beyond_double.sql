-- Purpose: how many integers of a column lie beyond 2^53, where floating
--   numbers begin to leave integers out.
-- Parameters: Table, Column, Filter.
-- Idempotent: reads only.
SELECT COUNT(*) FROM {{ident .Table}}
WHERE ({{ident .Column}} > 9007199254740992 OR {{ident .Column}} < -9007199254740992){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
