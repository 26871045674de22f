-- Purpose: remove what older revisions of a slice left in quarantine; of all
--   slices of the pipeline for a snapshot.
-- Parameters: All (true for all its slices); @in_table, @slice, @pipeline.
-- Idempotent: yes.
DELETE FROM `_tapline_quarantine` WHERE `table` = @in_table AND (slice = @slice
{{- if .All}} OR slice IN (SELECT slice FROM `_tapline_receipts` WHERE `table` = @in_table AND pipeline = @pipeline){{end}})
