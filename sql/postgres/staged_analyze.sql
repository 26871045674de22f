-- Purpose: let the planner know how many rows are staged.
-- Parameters: none.
-- Idempotent: yes.
ANALYZE pg_temp._tapline_staged
