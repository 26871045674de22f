-- Purpose: the receipts of all loads. superseded_by names the load of the
--   same slice that came after; displaced_by the snapshot of another slice
--   that emptied the table of this one. merge_key is a JSON list.
-- Parameters: none.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS _tapline_receipts (
  id VARCHAR, pipeline VARCHAR, "table" VARCHAR, stream VARCHAR, slice VARCHAR,
  revision VARCHAR, run VARCHAR, mode VARCHAR, merge_key VARCHAR, "day" DATE,
  read_at TIMESTAMPTZ, committed_at TIMESTAMPTZ,
  rows_read BIGINT, rows_loaded BIGINT, rows_quarantined BIGINT,
  cells_quarantined BIGINT, bytes_read BIGINT, rows_purged BIGINT, cells_purged BIGINT,
  superseded_by VARCHAR, displaced_by VARCHAR
)
