-- Purpose: the entries of files.
-- Parameters: @pipeline, '' for all.
-- Idempotent: reads only.
SELECT pipeline, stream, name, generation, size, IFNULL(checksum, ''), updated_at, first_seen, state,
  IFNULL(reason, ''), IFNULL(loaded_by, ''), IFNULL(`load`, ''), changed_at
FROM `_tapline_files` WHERE @pipeline = '' OR pipeline = @pipeline
