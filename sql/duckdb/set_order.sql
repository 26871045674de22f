-- Purpose: keep rows in order where a query asks for none, or, for writing, not:
--   rows carry their place, and the order costs half the speed.
-- Parameters: Keep.
-- Idempotent: yes.
SET preserve_insertion_order = {{.Keep}}
