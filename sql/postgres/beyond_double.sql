-- Purpose: how many integers of a column lie beyond 2^53, where floating
--   numbers begin to leave integers out.
-- Parameters: Schema, Table, Column.
-- Idempotent: reads only.
SELECT count(*) FROM {{ident .Schema}}.{{ident .Table}}
WHERE {{ident .Column}} > 9007199254740992 OR {{ident .Column}} < -9007199254740992
