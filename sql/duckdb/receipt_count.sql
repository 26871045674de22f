-- Purpose: change the counts of a receipt after an amendment.
-- Parameters: $1 id, $2 rows that left the quarantine, $3 cells that did.
-- Idempotent: no; the caller counts in the same transaction.
UPDATE _tapline_receipts SET rows_loaded = rows_loaded + $2,
  rows_quarantined = rows_quarantined - $2, cells_quarantined = cells_quarantined - $3
WHERE id = $1
