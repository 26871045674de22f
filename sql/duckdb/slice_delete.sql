-- Purpose: remove the rows of a slice's older revisions.
-- Parameters: Table; $1 slice.
-- Idempotent: yes.
DELETE FROM main.{{ident .Table}} WHERE _tapline_slice = $1
