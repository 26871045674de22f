-- Purpose: find the quarantine of a load.
-- Parameters: Schema.
-- Idempotent: no; made once, with the table.
CREATE INDEX ON {{ident .Schema}}._tapline_quarantine (load, "row")
