-- Purpose: a user's view as it would be now, beside the database, to compare
--   with the one that is there: this needs no right to write.
-- Parameters: Query, the user's own SQL.
-- Idempotent: yes.
CREATE OR REPLACE TEMP VIEW _tapline_probe AS ({{.Query}}
)
