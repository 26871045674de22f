-- Purpose: delete the entries that an amendment made good.
-- Parameters: $1 load, $2 table, $3 column, '' for whole rows.
-- Idempotent: yes.
DELETE FROM _tapline_quarantine
WHERE load = $1 AND "table" = $2 AND coalesce("column", '') = $3 AND "row" IN (SELECT place FROM temp.amended)
