-- Purpose: the entries of files.
-- Parameters: Schema; $1 pipeline, '' for all.
-- Idempotent: reads only.
SELECT pipeline, stream, name, generation, size, checksum, updated_at, first_seen, state, reason, loaded_by, load, changed_at
FROM {{ident .Schema}}._tapline_files WHERE $1 = '' OR pipeline = $1
