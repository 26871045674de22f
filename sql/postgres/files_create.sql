-- Purpose: the objects that pipelines have seen, each generation a row, and
--   what became of it. For people: what is loaded is said by receipts.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS {{ident .Schema}}._tapline_files (
  pipeline text, stream text, name text, generation text, size bigint,
  checksum text, updated_at timestamptz, first_seen timestamptz, state text,
  reason text, loaded_by text, load text, changed_at timestamptz,
  PRIMARY KEY (pipeline, stream, name, generation)
)
