-- Purpose: the different keys of a map.
-- Parameters: Stage, Map (the path of its repeated field), Key (the key's name
--   in there), Most (how many at most).
-- Idempotent: reads only.
SELECT DISTINCT kv.{{ident .Key}} AS k FROM {{ident .Stage}} AS r, UNNEST(r.{{range $i, $p := .Map}}{{if $i}}.{{end}}{{ident $p}}{{end}}) AS kv ORDER BY k LIMIT {{.Most}}
