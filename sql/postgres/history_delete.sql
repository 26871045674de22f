-- Purpose: remove the rows of a slice's older revisions that have no history,
--   since their key has a NULL.
-- Parameters: Schema, Table, Key; $1 slice.
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}.{{ident .Table}}
WHERE _tapline_slice = $1 AND ({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k}} IS NULL{{end}})
