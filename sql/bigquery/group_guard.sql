-- Purpose: end the transaction of a group when a slice of it has a receipt:
--   another process was faster then.
-- Parameters: @in_table, @loads (each id, slice).
-- Idempotent: reads only.
SELECT IF((SELECT COUNT(*) FROM `_tapline_receipts` WHERE `table` = @in_table
    AND slice IN (SELECT l.slice FROM UNNEST(@loads) AS l)) = 0,
  'ok', ERROR('tapline-moved: there are other receipts than before'))
