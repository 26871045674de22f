-- Purpose: a snapshot emptied the table of all other slices of its pipeline.
--   Their receipts stay in force, or they would be read again; they are no
--   longer to be proven.
-- Parameters: @in_table, @pipeline, @slice that stays, @load id of its load.
-- Idempotent: yes.
UPDATE `_tapline_receipts` SET displaced_by = @load
WHERE `table` = @in_table AND pipeline = @pipeline AND slice <> @slice AND displaced_by IS NULL
