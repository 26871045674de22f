-- Purpose: end the transaction unless the receipts are those that the load was
--   planned by: another process was faster then.
-- Parameters: Slice (true: receipts of the slice, false: of its table);
--   @in_table, @slice, @receipts (how many there have to be).
-- Idempotent: reads only.
SELECT IF((SELECT COUNT(*) FROM `_tapline_receipts` WHERE `table` = @in_table{{if .Slice}} AND slice = @slice{{end}}) = @receipts,
  'ok', ERROR('tapline-moved: there are other receipts than before'))
