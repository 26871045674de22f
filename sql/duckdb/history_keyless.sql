-- Purpose: rows whose key has a NULL have no history: they are current. Rows that
--   tapline did not load are left alone.
-- Parameters: Table, Key.
-- Idempotent: yes.
UPDATE main.{{ident .Table}} SET valid_from = _tapline_loaded_at, valid_to = NULL, is_current = true
WHERE valid_from IS NULL AND _tapline_load IS NOT NULL AND ({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k}} IS NULL{{end}})
