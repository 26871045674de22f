-- Purpose: the records that begin with a cell.
-- Parameters: Stage, Fields, Most (how many at most); @first.
-- Idempotent: reads only.
SELECT {{idents .Fields}} FROM {{ident .Stage}} WHERE IFNULL(c1, '') = @first LIMIT {{.Most}}
