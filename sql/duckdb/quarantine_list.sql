-- Purpose: entries that match, one page of them, by load, row and column.
-- Parameters: $1 pipeline, $2 table, $3 load, $4 slice, $5 column, $6 reason,
--   '' for all; $7 quarantined before, or NULL; $8 most entries; $9 load, $10
--   row, $11 column, $12 rowid after which the page starts, $9 NULL for the
--   first; $13 first row of the load.
-- Idempotent: reads only.
SELECT q.rowid, coalesce(q.load, ''), coalesce(q.slice, ''), coalesce(q."table", ''), coalesce(q."row", -1),
  coalesce(q."column", ''), coalesce(q.source, ''), coalesce(q.reason, ''), coalesce(q.place, ''),
  coalesce(q.raw, ''), q.quarantined_at
FROM _tapline_quarantine AS q
WHERE ($1 = '' OR q.load IN (SELECT id FROM _tapline_receipts WHERE pipeline = $1))
  AND ($2 = '' OR q."table" = $2) AND ($3 = '' OR q.load = $3) AND ($4 = '' OR q.slice = $4)
  AND ($5 = '' OR q."column" = $5) AND ($6 = '' OR q.reason = $6)
  AND ($7::TIMESTAMPTZ IS NULL OR q.quarantined_at < $7::TIMESTAMPTZ)
  AND ($13::BIGINT = 0 OR q."row" >= $13)
  AND ($9::VARCHAR IS NULL
    OR (coalesce(q.load, ''), coalesce(q."row", -1), coalesce(q."column", ''), q.rowid) > ($9, $10, $11, $12))
ORDER BY coalesce(q.load, ''), coalesce(q."row", -1), coalesce(q."column", ''), q.rowid
LIMIT $8
