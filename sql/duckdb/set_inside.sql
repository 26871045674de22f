-- Purpose: keep foreign SQL away from all files but the one that is open.
-- Parameters: none.
-- Idempotent: yes; cannot be undone.
SET enable_external_access = false
