-- Purpose: a newer revision of a slice is loaded; older receipts are history.
-- Parameters: Schema; $1 table, $2 slice, $3 id of the newer load.
-- Idempotent: yes.
UPDATE {{ident .Schema}}._tapline_receipts SET superseded_by = $3
WHERE "table" = $1 AND slice = $2 AND superseded_by IS NULL
