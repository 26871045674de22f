-- Purpose: keep what a row of a table is.
-- Parameters: Schema, Table, About.
-- Idempotent: yes.
COMMENT ON TABLE {{ident .Schema}}.{{ident .Table}} IS {{text .About}}
