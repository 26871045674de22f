-- Purpose: the paths that have values which are neither NULL nor opened objects.
-- Parameters: Stages, Most (how many at most); @opened (paths of objects).
-- Idempotent: reads only.
SELECT path FROM ({{range $i, $s := .Stages}}{{if $i}} UNION ALL {{end}}SELECT path, value FROM {{ident $s}}{{end}}) AS pairs
WHERE path IS NOT NULL AND value <> 'null' AND NOT (STARTS_WITH(value, '{') AND path IN UNNEST(@opened))
GROUP BY path ORDER BY path LIMIT {{.Most}}
