-- Purpose: start a transaction that reads one state of the database.
-- Parameters: none.
-- Idempotent: no.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
