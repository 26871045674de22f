-- Purpose: say of a new schema which version it is of.
-- Parameters: Schema; $1 version.
-- Idempotent: yes; does nothing where a version is written.
INSERT INTO {{ident .Schema}}._tapline_schema
SELECT $1::bigint WHERE NOT EXISTS (SELECT 1 FROM {{ident .Schema}}._tapline_schema)
