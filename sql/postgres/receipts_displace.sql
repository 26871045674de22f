-- Purpose: a snapshot emptied the table of all other slices of its pipeline.
--   Their receipts stay in force, or they would be read again; they are no
--   longer to be proven.
-- Parameters: Schema; $1 table, $2 pipeline, $3 slice that stays, $4 id of its
--   load.
-- Idempotent: yes.
UPDATE {{ident .Schema}}._tapline_receipts SET displaced_by = $4
WHERE "table" = $1 AND pipeline = $2 AND slice <> $3 AND displaced_by IS NULL
