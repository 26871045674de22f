-- Purpose: say of a new database which version it is of.
-- Parameters: $1 version.
-- Idempotent: yes; does nothing where a version is written.
INSERT INTO _tapline_schema SELECT $1, '' WHERE NOT EXISTS (SELECT 1 FROM _tapline_schema)
