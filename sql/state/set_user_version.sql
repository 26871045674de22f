-- Purpose: note how many migrations the file has had.
-- Parameters: Version, a number, in the text.
-- Idempotent: yes.
PRAGMA user_version = {{printf "%d" .Version}}
