-- Purpose: the loads, for people and BI tools; newest first.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Schema}}._tapline_loads AS
SELECT committed_at AS loaded_at, pipeline, "table" AS table_name, stream, slice, "day" AS slice_day, mode,
  CASE WHEN superseded_by IS NOT NULL THEN 'superseded'
    WHEN displaced_by IS NOT NULL THEN 'displaced' ELSE 'in force' END AS status,
  rows_read, rows_loaded, rows_quarantined, cells_quarantined, rows_purged, cells_purged, bytes_read,
  read_at, revision, run, id AS load, superseded_by, displaced_by
FROM {{ident .Schema}}._tapline_receipts
ORDER BY committed_at DESC, id
