-- Purpose: a view of the user's, in place of an older one.
-- Parameters: Project, Dataset, View, About, Query (the user's own SQL).
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Project}}.{{ident .Dataset}}.{{ident .View}}
{{- if .About}} OPTIONS (description = {{text .About}}){{end}} AS
{{.Query}}
