-- Purpose: how many integers of a column of the parts a floating column
--   cannot hold.
-- Parameters: Paths, Column.
-- Idempotent: reads only.
SELECT count(*) FROM read_parquet([{{texts .Paths}}], union_by_name = true, hive_partitioning = false)
WHERE {{ident .Column}} > 9007199254740992 OR {{ident .Column}} < -9007199254740992
