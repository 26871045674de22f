-- Purpose: give a right again that a view lost with being made anew.
-- Parameters: Grant (a statement that dependants or grants wrote, names quoted).
-- Idempotent: yes.
{{.Grant}}
