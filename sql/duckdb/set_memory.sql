-- Purpose: bound the memory of DuckDB.
-- Parameters: Memory in bytes, 0 for as much as DuckDB takes by itself.
-- Idempotent: yes.
{{if .Memory}}SET memory_limit = '{{.Memory}}B'{{else}}RESET memory_limit{{end}}
