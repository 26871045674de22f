-- Purpose: stop that, so that the file can be closed.
-- Parameters: none.
-- Idempotent: yes.
USE memory
