-- Purpose: end the transaction when a staged integer lies beyond 2^53, where
--   floating numbers begin to leave integers out, and would lose a digit.
-- Parameters: Stage, Column, Index (of the column in the load).
-- Idempotent: reads only.
SELECT IF((SELECT COUNT(*) FROM {{ident .Stage}}
  WHERE {{ident .Column}} > 9007199254740992 OR {{ident .Column}} < -9007199254740992) = 0,
  'ok', ERROR('tapline-inexact: {{.Index}} .'))
