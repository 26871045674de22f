-- Purpose: keep what a view is for.
-- Parameters: Schema, View, About.
-- Idempotent: yes.
COMMENT ON VIEW {{ident .Schema}}.{{ident .View}} IS {{text .About}}
