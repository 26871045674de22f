-- Purpose: change the counts of a receipt after an amendment.
-- Parameters: Schema; $1 id, $2 rows that left the quarantine, $3 cells that
--   did, $4 by how many rows the table grew, $5 newest event among them or NULL.
-- Idempotent: no; the caller counts in the same transaction.
UPDATE {{ident .Schema}}._tapline_receipts SET rows_loaded = rows_loaded + $2,
  rows_quarantined = rows_quarantined - $2, cells_quarantined = cells_quarantined - $3,
  rows_delta = rows_delta + $4, newest_event = greatest(newest_event, $5)
WHERE id = $1
