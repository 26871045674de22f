-- Purpose: keep foreign SQL from changing settings.
-- Parameters: none.
-- Idempotent: yes; cannot be undone.
SET lock_configuration = true
