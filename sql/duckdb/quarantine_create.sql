-- Purpose: rows and cells kept aside. An empty "column" means the whole row.
-- Parameters: none.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS _tapline_quarantine (
  load VARCHAR, slice VARCHAR, "table" VARCHAR, "row" BIGINT, "column" VARCHAR,
  source VARCHAR, reason VARCHAR, place VARCHAR, raw VARCHAR, quarantined_at TIMESTAMPTZ
)
