-- Purpose: keep the vendor's names of columns of a wide table.
-- Parameters: Rows (how many); table, column and source of each in turn.
-- Idempotent: no; the caller adds what is not there.
INSERT INTO _tapline_sources VALUES {{range $i := .Rows}}{{if $i}}, {{end}}(?, ?, ?){{end}}
