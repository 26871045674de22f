-- Purpose: the runs that loaded something, for people and BI tools; newest
--   first. Loads that a later one replaced count where they were made.
-- Parameters: none.
-- Idempotent: yes.
CREATE OR REPLACE VIEW _tapline_runs AS
SELECT run, pipeline, count(*) AS loads, count(DISTINCT "table") AS tables,
  sum(rows_read)::BIGINT AS rows_read, sum(rows_loaded)::BIGINT AS rows_loaded,
  sum(rows_quarantined)::BIGINT AS rows_quarantined, sum(cells_quarantined)::BIGINT AS cells_quarantined,
  sum(bytes_read)::BIGINT AS bytes_read, min(read_at) AS first_read_at, max(committed_at) AS loaded_at
FROM _tapline_receipts
GROUP BY run, pipeline
ORDER BY loaded_at DESC, run, pipeline
