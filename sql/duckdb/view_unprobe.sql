-- Purpose: let go of the probe.
-- Parameters: none.
-- Idempotent: yes.
DROP VIEW IF EXISTS temp._tapline_probe
