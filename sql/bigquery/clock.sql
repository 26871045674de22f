-- Purpose: what time it is at Google.
-- Parameters: none.
-- Idempotent: reads only.
SELECT CURRENT_TIMESTAMP() AS now
