-- Purpose: whether rows may be in a table that came in another mode than history.
-- Parameters: Schema; $1 table.
-- Idempotent: reads only.
SELECT EXISTS (
  SELECT 1 FROM {{ident .Schema}}._tapline_receipts WHERE "table" = $1 AND mode <> 'history' AND rows_loaded > 0)
