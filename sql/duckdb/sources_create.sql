-- Purpose: the vendor's names of columns, of tables so wide that comments on
--   each of them would take minutes: DuckDB copies the table's whole
--   description for each comment.
-- Parameters: none.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS _tapline_sources ("table" VARCHAR, "column" VARCHAR, source VARCHAR)
