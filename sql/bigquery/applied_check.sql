-- Purpose: end the transaction unless the rows of a load, which a job put there,
--   are still in the table.
-- Parameters: Table, Filter; @load, @rows_loaded, @day.
-- Idempotent: reads only.
SELECT IF((SELECT COUNT(*) FROM {{ident .Table}} WHERE _tapline_load = @load{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}) = @rows_loaded,
  'ok', ERROR('tapline-missing: the rows of an earlier job are not in the table'))
