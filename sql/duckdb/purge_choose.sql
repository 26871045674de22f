-- Purpose: the entries to purge.
-- Parameters: $1 pipeline, $2 table, $3 load, $4 slice, $5 column, $6 reason,
--   '' for all; $7 quarantined before, or NULL; $8 first row of a load; $9 most entries.
-- Idempotent: no; makes a temporary table.
CREATE TEMP TABLE purged AS
SELECT q.rowid AS entry, q.load, coalesce(q."column", '') = '' AS whole
FROM _tapline_quarantine AS q
WHERE ($1 = '' OR q.load IN (SELECT id FROM _tapline_receipts WHERE pipeline = $1))
  AND ($2 = '' OR q."table" = $2) AND ($3 = '' OR q.load = $3) AND ($4 = '' OR q.slice = $4)
  AND ($5 = '' OR q."column" = $5) AND ($6 = '' OR q.reason = $6)
  AND ($7::TIMESTAMPTZ IS NULL OR q.quarantined_at < $7::TIMESTAMPTZ)
  AND ($8::BIGINT = 0 OR q."row" >= $8)
ORDER BY q.load, q."row", q."column", q.rowid
LIMIT $9
