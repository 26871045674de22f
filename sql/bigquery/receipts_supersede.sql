-- Purpose: a newer revision of a slice is loaded; older receipts are history.
-- Parameters: @in_table, @slice, @load id of the newer load.
-- Idempotent: yes.
UPDATE `_tapline_receipts` SET superseded_by = @load
WHERE `table` = @in_table AND slice = @slice AND superseded_by IS NULL
