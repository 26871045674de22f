-- Purpose: how many integers of a column lie beyond 2^53, where floating
--   numbers begin to leave integers out.
-- Parameters: Table, Column.
-- Idempotent: reads only.
SELECT count(*) FROM main.{{ident .Table}}
WHERE {{ident .Column}} > 9007199254740992 OR {{ident .Column}} < -9007199254740992
