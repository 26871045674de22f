-- Purpose: the entries of files.
-- Parameters: $1 pipeline, '' for all.
-- Idempotent: reads only.
SELECT pipeline, stream, name, generation, size, coalesce(checksum, ''), updated_at, first_seen, state,
  coalesce(reason, ''), coalesce(loaded_by, ''), coalesce(load, ''), changed_at
FROM _tapline_files WHERE $1 = '' OR pipeline = $1
