-- Purpose: write entries of files, in place of those of the same object and
--   generation.
-- Parameters: Schema; $1 JSON list of objects whose keys are the table's
--   columns, no two of one object and generation; times as RFC 3339.
-- Idempotent: yes.
INSERT INTO {{ident .Schema}}._tapline_files AS f (
  pipeline, stream, name, generation, size, checksum, updated_at, first_seen, state, reason, loaded_by, load, changed_at)
SELECT pipeline, stream, name, generation, size, checksum, updated_at, first_seen, state, reason, loaded_by, load, changed_at
FROM json_to_recordset($1::json) AS n (
  pipeline text, stream text, name text, generation text, size bigint, checksum text, updated_at timestamptz,
  first_seen timestamptz, state text, reason text, loaded_by text, load text, changed_at timestamptz)
ON CONFLICT (pipeline, stream, name, generation) DO UPDATE SET
  size = excluded.size, checksum = excluded.checksum, updated_at = excluded.updated_at,
  first_seen = excluded.first_seen, state = excluded.state, reason = excluded.reason,
  loaded_by = excluded.loaded_by, load = excluded.load, changed_at = excluded.changed_at
