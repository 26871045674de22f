-- Purpose: leave out what is no longer in quarantine.
-- Parameters: $1 load, $2 table, $3 column, '' for whole rows.
-- Idempotent: yes.
DELETE FROM temp.amended WHERE place NOT IN (
  SELECT "row" FROM _tapline_quarantine
  WHERE load = $1 AND "table" = $2 AND coalesce("column", '') = $3 AND "row" IS NOT NULL)
