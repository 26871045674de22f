-- Purpose: one row for each table: its newest event, its last load, the rows
--   that loads of today (UTC) brought and that are in force, and all its rows.
-- Parameters: Project, Dataset, Tables (each Name, Filter and Event: "ts",
--   "event_date" or "").
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Project}}.{{ident .Dataset}}.`_tapline_freshness` AS
WITH newest AS (
{{- range $i, $t := .Tables}}{{if $i}}
  UNION ALL{{end}}
  SELECT {{text $t.Name}} AS table_name,
{{- if eq $t.Event "ts"}} MAX(ts)
{{- else if eq $t.Event "event_date"}} CAST(MAX(event_date) AS TIMESTAMP)
{{- else}} CAST(NULL AS TIMESTAMP){{end}} AS newest_event, COUNT(*) AS rows_total FROM {{ident $.Project}}.{{ident $.Dataset}}.{{ident $t.Name}}
{{- if $t.Filter}} WHERE TRUE{{with $t.Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}{{end}}
{{- else}}
  SELECT '' AS table_name, CAST(NULL AS TIMESTAMP) AS newest_event, 0 AS rows_total
  FROM {{ident .Project}}.{{ident .Dataset}}.`_tapline_receipts` WHERE FALSE
{{- end}}
), loaded AS (
  SELECT `table` AS table_name, MAX(committed_at) AS last_load,
    SUM(CASE WHEN CAST(committed_at AS DATE) = CURRENT_DATE() THEN rows_loaded ELSE 0 END) AS rows_today
  FROM {{ident .Project}}.{{ident .Dataset}}.`_tapline_receipts` WHERE superseded_by IS NULL AND displaced_by IS NULL
  GROUP BY `table`
)
SELECT n.table_name, n.newest_event, l.last_load, IFNULL(l.rows_today, 0) AS rows_today, n.rows_total
FROM newest AS n LEFT JOIN loaded AS l ON l.table_name = n.table_name
ORDER BY n.table_name
