-- Purpose: drop views that stand on each other; anything else that stands on
--   them keeps them.
-- Parameters: Views (each Schema and Name).
-- Idempotent: yes.
DROP VIEW IF EXISTS {{range $i, $v := .Views}}{{if $i}}, {{end}}{{ident $v.Schema}}.{{ident $v.Name}}{{end}} RESTRICT
