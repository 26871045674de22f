-- Purpose: open the database file.
-- Parameters: Path, ReadOnly.
-- Idempotent: no; fails when it is open.
ATTACH {{text .Path}} AS tapline{{if .ReadOnly}} (READ_ONLY){{end}}
