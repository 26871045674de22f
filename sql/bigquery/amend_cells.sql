-- Purpose: set the cells of a column whose entries are still in quarantine.
-- Parameters: Table, Column, Value (the column of the entries that has the
--   values), Type (of an exact decimal column, else ""), Entries, Filter; @load, @in_table, @column{Index}, @day.
-- Idempotent: yes.
UPDATE {{ident .Table}} AS t
SET {{ident .Column}} = a.new_value
FROM (
  SELECT s.place, {{if .Type}}CAST(s.{{ident .Value}} AS {{.Type}}){{else}}s.{{ident .Value}}{{end}} AS new_value FROM {{ident .Entries}} AS s
  JOIN (
    SELECT DISTINCT s.place, s.`column` AS of_column FROM {{ident .Entries}} AS s
    JOIN `_tapline_quarantine` AS q ON q.`row` = s.place AND IFNULL(q.`column`, '') = s.`column`
    WHERE q.`load` = @load AND q.`table` = @in_table
  ) AS live ON live.place = s.place AND live.of_column = s.`column`
  WHERE s.`column` = @column{{.Index}}
) AS a
WHERE t._tapline_load = @load AND t._tapline_row = a.place{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
