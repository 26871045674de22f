-- Purpose: a user's view, in place of an older one of its name.
-- Parameters: View; Query, the user's own SQL, which stands in parentheses so
--   that it can be one SELECT only.
-- Idempotent: yes.
CREATE OR REPLACE VIEW main.{{ident .View}} AS ({{.Query}}
)
