-- Purpose: remove the rows of a slice's older revisions.
-- Parameters: Schema, Table; $1 slice.
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}.{{ident .Table}} WHERE _tapline_slice = $1
