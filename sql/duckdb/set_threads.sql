-- Purpose: bound the threads of DuckDB.
-- Parameters: Threads.
-- Idempotent: yes.
SET threads = {{.Threads}}
