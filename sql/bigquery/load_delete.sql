-- Purpose: remove the rows of a load that is not to be in force.
-- Parameters: Table, Filter; @load, @day.
-- Idempotent: yes.
DELETE FROM {{ident .Table}} WHERE _tapline_load = @load{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
