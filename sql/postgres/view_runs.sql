-- Purpose: the runs and what they loaded, one row for each run of a pipeline;
--   newest first.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Schema}}._tapline_runs AS
SELECT run, pipeline, count(*) AS loads, count(DISTINCT "table") AS tables,
  sum(rows_read)::bigint AS rows_read, sum(rows_loaded)::bigint AS rows_loaded,
  sum(rows_quarantined)::bigint AS rows_quarantined, sum(cells_quarantined)::bigint AS cells_quarantined,
  sum(bytes_read)::bigint AS bytes_read, min(read_at) AS first_read_at, max(committed_at) AS loaded_at
FROM {{ident .Schema}}._tapline_receipts
GROUP BY run, pipeline
ORDER BY max(committed_at) DESC, run
