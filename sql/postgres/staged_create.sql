-- Purpose: a place for rows on their way into a table.
-- Parameters: Schema, Table, Columns.
-- Idempotent: no; once a transaction.
CREATE TEMP TABLE _tapline_staged ON COMMIT DROP AS
SELECT {{idents .Columns}} FROM {{ident .Schema}}.{{ident .Table}} WITH NO DATA
