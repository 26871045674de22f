-- Purpose: the objects that pipelines have seen, each generation a row, and
--   what became of it. For people: what is loaded is said by receipts.
-- Parameters: none.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS _tapline_files (
  pipeline VARCHAR, stream VARCHAR, name VARCHAR, generation VARCHAR, size BIGINT,
  checksum VARCHAR, updated_at TIMESTAMPTZ, first_seen TIMESTAMPTZ, state VARCHAR,
  reason VARCHAR, loaded_by VARCHAR, load VARCHAR, changed_at TIMESTAMPTZ
)
