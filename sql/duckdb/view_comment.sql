-- Purpose: keep what a user's view is about.
-- Parameters: View, About.
-- Idempotent: yes.
COMMENT ON VIEW main.{{ident .View}} IS {{text .About}}
