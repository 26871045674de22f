-- Purpose: remember which tables the freshness view covers.
-- Parameters: $1 fingerprint of the view.
-- Idempotent: yes.
UPDATE _tapline_schema SET freshness = $1
