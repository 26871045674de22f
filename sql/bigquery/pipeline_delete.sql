-- Purpose: empty a table of all that a pipeline loaded into it.
-- Parameters: Table, Filter; @in_table, @pipeline, @day.
-- Idempotent: yes.
DELETE FROM {{ident .Table}} WHERE _tapline_slice IN (
  SELECT slice FROM `_tapline_receipts` WHERE `table` = @in_table AND pipeline = @pipeline){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
