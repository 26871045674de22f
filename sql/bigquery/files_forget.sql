-- Purpose: take away the entries that are about to be written anew.
-- Parameters: Stage.
-- Idempotent: yes.
DELETE FROM `_tapline_files` AS f
WHERE EXISTS (
  SELECT 1 FROM {{ident .Stage}} AS n
  WHERE f.pipeline = n.pipeline AND f.stream = n.stream AND f.name = n.name AND f.generation = n.generation)
