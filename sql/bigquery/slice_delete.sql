-- Purpose: remove the rows of a slice's older revisions.
-- Parameters: Table, Filter; @slice, @day.
-- Idempotent: yes.
DELETE FROM {{ident .Table}} WHERE _tapline_slice = @slice{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
