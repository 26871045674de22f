-- Purpose: make the schema.
-- Parameters: Schema.
-- Idempotent: yes; asks for the right to make one in any case.
CREATE SCHEMA IF NOT EXISTS {{ident .Schema}}
