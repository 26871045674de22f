-- Purpose: count the parts' rows, those that are not of this load, and the
--   places they hold, before anything is written. Last is the number of
--   distinct places.
-- Parameters: Paths, Last (greatest place, at least 0); $1 load, $2 slice, $3
--   read at.
-- Idempotent: reads only.
SELECT count(*),
  count(*) FILTER (WHERE _tapline_load IS DISTINCT FROM $1 OR _tapline_slice IS DISTINCT FROM $2
    OR _tapline_loaded_at IS DISTINCT FROM $3),
  coalesce(bit_count(bitstring_agg(_tapline_row, 0, {{.Last}})
    FILTER (WHERE _tapline_row BETWEEN 0 AND {{.Last}})), 0)
FROM read_parquet([{{texts .Paths}}], union_by_name = true, hive_partitioning = false)
