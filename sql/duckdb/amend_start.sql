-- Purpose: a place to collect what an amendment changes: places, and for
--   cells their values.
-- Parameters: Type ("" without values).
-- Idempotent: yes; empties it.
CREATE OR REPLACE TEMP TABLE amended (place BIGINT{{if .Type}}, value {{.Type}}{{end}})
