-- Purpose: move what is in the log beside the file into the file.
-- Parameters: none.
-- Idempotent: yes.
CHECKPOINT tapline
