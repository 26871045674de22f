-- Purpose: note what became of a slice of a run.
-- Parameters: run, stream, slice, target, status, rows, quarantined, code, message, at.
-- Idempotent: yes; the newest word counts.
INSERT OR REPLACE INTO run_slices (run, stream, slice, target, status, rows, quarantined, code, message, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
