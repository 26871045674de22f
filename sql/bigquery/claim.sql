-- Purpose: a job that does nothing, under an id that nobody else is to take.
-- Parameters: none.
-- Idempotent: reads only.
SELECT 1
