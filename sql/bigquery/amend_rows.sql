-- Purpose: insert the rows whose entries are still in quarantine.
-- Parameters: Table, Columns, Stage, Entries; @load, @in_table.
-- Idempotent: no; amend_release comes after it in the transaction.
INSERT INTO {{ident .Table}} ({{idents .Columns}})
SELECT {{idents .Columns}} FROM {{ident .Stage}}
WHERE _tapline_row IN (SELECT live.place FROM (
    SELECT DISTINCT s.place, s.`column` AS of_column FROM {{ident .Entries}} AS s
    JOIN `_tapline_quarantine` AS q ON q.`row` = s.place AND IFNULL(q.`column`, '') = s.`column`
    WHERE q.`load` = @load AND q.`table` = @in_table
  ) AS live WHERE live.of_column = '')
