-- Purpose: find the receipts of a slice.
-- Parameters: Schema.
-- Idempotent: no; made once, with the table.
CREATE INDEX ON {{ident .Schema}}._tapline_receipts (slice, "table")
