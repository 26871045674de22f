-- Purpose: mark the rows whose cells an amendment has just set, for
--   history_settle.
-- Parameters: Table; $1 load.
-- Idempotent: yes.
UPDATE main.{{ident .Table}} SET valid_from = NULL
WHERE _tapline_load = $1 AND _tapline_row IN (SELECT place FROM temp.amended)
