-- Purpose: leave out the staged rows that are no longer in quarantine.
-- Parameters: Schema; $1 load, $2 table.
-- Idempotent: yes.
DELETE FROM pg_temp._tapline_staged AS s WHERE NOT EXISTS (
  SELECT 1 FROM {{ident .Schema}}._tapline_quarantine AS q
  WHERE q.load = $1 AND q."table" = $2 AND coalesce(q."column", '') = '' AND q."row" = s._tapline_row)
