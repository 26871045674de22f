-- Purpose: the version of tapline's own tables in this database.
-- Parameters: none.
-- Idempotent: reads only. Fails where tapline never wrote.
SELECT version FROM _tapline_schema
