-- Purpose: take away the entries that are about to be written anew.
-- Parameters: $1 JSON list of entries, as files_add takes it.
-- Idempotent: yes.
DELETE FROM _tapline_files AS f USING (
  SELECT unnest(from_json($1, '[{"pipeline": "VARCHAR", "stream": "VARCHAR", "name": "VARCHAR", "generation": "VARCHAR"}]'), recursive := true)
) AS n
WHERE f.pipeline = n.pipeline AND f.stream = n.stream AND f.name = n.name AND f.generation = n.generation
