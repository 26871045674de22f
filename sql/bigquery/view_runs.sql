-- Purpose: the runs that loaded something, for people and BI tools; newest
--   first.
-- Parameters: Project, Dataset.
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Project}}.{{ident .Dataset}}.`_tapline_runs` AS
SELECT run, pipeline, COUNT(*) AS loads, COUNT(DISTINCT `table`) AS tables, SUM(rows_read) AS rows_read,
  SUM(rows_loaded) AS rows_loaded, SUM(rows_quarantined) AS rows_quarantined, SUM(cells_quarantined) AS cells_quarantined,
  SUM(bytes_read) AS bytes_read, MIN(read_at) AS first_read_at, MAX(committed_at) AS loaded_at
FROM {{ident .Project}}.{{ident .Dataset}}.`_tapline_receipts`
GROUP BY run, pipeline
ORDER BY loaded_at DESC, run, pipeline
