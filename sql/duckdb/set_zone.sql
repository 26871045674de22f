-- Purpose: let instants look the same whatever the machine's zone is.
-- Parameters: none.
-- Idempotent: yes.
SET TimeZone = 'UTC'
