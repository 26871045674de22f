-- Purpose: keep what a row of the table is.
-- Parameters: Table, About.
-- Idempotent: yes.
COMMENT ON TABLE main.{{ident .Table}} IS {{text .About}}
