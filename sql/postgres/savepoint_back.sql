-- Purpose: undo what came after the savepoint.
-- Parameters: none.
-- Idempotent: yes.
ROLLBACK TO SAVEPOINT tapline
