-- Purpose: write entries of files.
-- Parameters: $1 JSON list of objects whose keys are the table's columns;
--   times as RFC 3339.
-- Idempotent: no; files_forget comes before, in the same transaction.
INSERT INTO _tapline_files BY NAME
SELECT unnest(from_json($1, '[{
  "pipeline": "VARCHAR", "stream": "VARCHAR", "name": "VARCHAR", "generation": "VARCHAR", "size": "BIGINT",
  "checksum": "VARCHAR", "updated_at": "TIMESTAMPTZ", "first_seen": "TIMESTAMPTZ", "state": "VARCHAR",
  "reason": "VARCHAR", "loaded_by": "VARCHAR", "load": "VARCHAR", "changed_at": "TIMESTAMPTZ"
}]'), recursive := true)
