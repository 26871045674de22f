-- Purpose: one row for each table: its newest event, its last load, the rows
--   that loads of today (UTC) brought and that are in force, and all its rows.
--   Written without time zone functions, so that readers need no extension.
-- Parameters: Tables (each Name and Event: "ts", "event_date" or "").
-- Idempotent: yes.
CREATE OR REPLACE VIEW _tapline_freshness AS
WITH newest AS (
{{- range $i, $t := .Tables}}{{if $i}}
  UNION ALL{{end}}
  SELECT {{text $t.Name}} AS table_name,
{{- if eq $t.Event "ts"}} max(ts)
{{- else if eq $t.Event "event_date"}} to_timestamp(epoch(max(event_date)))
{{- else}} NULL::TIMESTAMPTZ{{end}} AS newest_event, count(*) AS rows_total FROM main.{{ident $t.Name}}
{{- else}}
  SELECT NULL::VARCHAR AS table_name, NULL::TIMESTAMPTZ AS newest_event, 0::BIGINT AS rows_total WHERE false
{{- end}}
), loaded AS (
  SELECT "table" AS table_name, max(committed_at) AS last_load,
    sum(rows_loaded) FILTER (WHERE epoch_us(committed_at) // 86400000000 = epoch_us(now()) // 86400000000) AS rows_today
  FROM _tapline_receipts WHERE superseded_by IS NULL AND displaced_by IS NULL
  GROUP BY ALL
)
SELECT n.table_name, n.newest_event, l.last_load, coalesce(l.rows_today, 0)::BIGINT AS rows_today, n.rows_total
FROM newest AS n LEFT JOIN loaded AS l USING (table_name)
ORDER BY n.table_name
