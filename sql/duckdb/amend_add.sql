-- Purpose: collect places, and for cells their values.
-- Parameters: Values (whether there are values), Count (rows of this
--   statement); place and value in turn.
-- Idempotent: no.
INSERT INTO temp.amended VALUES {{range $i := .Count}}{{if $i}}, {{end}}(?{{if $.Values}}, ?{{end}}){{end}}
