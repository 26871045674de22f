-- Purpose: rows and cells kept aside. An empty "column" means the whole row.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS {{ident .Schema}}._tapline_quarantine (
  load text COLLATE "C", slice text COLLATE "C", "table" text, "row" bigint, "column" text COLLATE "C",
  source text, reason text, place text, raw text, quarantined_at timestamptz
)
