-- Purpose: the receipts of all loads. superseded_by names the load of the
--   same slice that came after; displaced_by the snapshot of another slice
--   that emptied the table of this one. merge_key is a JSON list. rows_delta
--   is by how many rows the table grew with the load, newest_event the newest
--   ts (or event_date) among its rows: sums and maxima of them tell about a
--   table without reading it.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS {{ident .Schema}}._tapline_receipts (
  id text COLLATE "C" PRIMARY KEY, pipeline text, "table" text, stream text, slice text COLLATE "C",
  revision text, run text, mode text, merge_key text, "day" date,
  read_at timestamptz, committed_at timestamptz,
  rows_read bigint, rows_loaded bigint, rows_quarantined bigint,
  cells_quarantined bigint, bytes_read bigint, rows_purged bigint, cells_purged bigint,
  superseded_by text, displaced_by text, rows_delta bigint, newest_event timestamptz
)
