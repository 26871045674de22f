-- Purpose: remove the rows that history_settle left marked.
-- Parameters: Table, Filter; @day.
-- Idempotent: yes.
DELETE FROM {{ident .Table}} WHERE valid_from IS NULL AND _tapline_load IS NOT NULL{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
