-- Purpose: a view of a user's, in place of one with the same columns or fewer.
-- Parameters: Schema, View, Query (as the user wrote it).
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Schema}}.{{ident .View}} AS
{{.Query}}
