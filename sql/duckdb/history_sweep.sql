-- Purpose: remove the rows that history_settle left marked.
-- Parameters: Table.
-- Idempotent: yes.
DELETE FROM main.{{ident .Table}} WHERE valid_from IS NULL AND _tapline_load IS NOT NULL
