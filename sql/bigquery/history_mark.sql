-- Purpose: mark the rows of whose cells entries are still in quarantine, which an
--   amendment has just set, for history_settle.
-- Parameters: Table, Filter, Entries; @load, @in_table, @day.
-- Idempotent: yes.
UPDATE {{ident .Table}} SET valid_from = NULL
WHERE _tapline_load = @load AND _tapline_row IN (SELECT live.place FROM (
    SELECT DISTINCT s.place, s.`column` AS of_column FROM {{ident .Entries}} AS s
    JOIN `_tapline_quarantine` AS q ON q.`row` = s.place AND IFNULL(q.`column`, '') = s.`column`
    WHERE q.`load` = @load AND q.`table` = @in_table
  ) AS live WHERE live.of_column != ''){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
