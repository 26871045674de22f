-- Purpose: put the staged rows into their table. A row of a key that the table
--   does not know is the first and current; so is one whose key has a NULL. Others
--   are marked by a NULL in valid_from, for history_settle.
-- Parameters: Schema, Table, Columns, Key.
-- Idempotent: no; once a transaction.
INSERT INTO {{ident .Schema}}.{{ident .Table}} ({{idents .Columns}}, valid_from, valid_to, is_current)
SELECT {{range .Columns}}s.{{ident .}}, {{end}}CASE WHEN NOT known.found THEN s._tapline_loaded_at END, NULL, CASE WHEN NOT known.found THEN true END
FROM pg_temp._tapline_staged AS s CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT 1 FROM {{ident .Schema}}.{{ident .Table}} AS x
    WHERE {{range $i, $k := .Key}}{{if $i}} AND {{end}}x.{{ident $k}} = s.{{ident $k}}{{end}}) AS found
) AS known
