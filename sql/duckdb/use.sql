-- Purpose: make names mean what is in the database file.
-- Parameters: none.
-- Idempotent: yes.
USE tapline
