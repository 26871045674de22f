-- Purpose: put the staged rows of a group's loads into a table. What else is
--   staged is of loads that fell out of the group.
-- Parameters: Table, Columns, Stage, Load (the column with the load's id); @loads
--   (each id).
-- Idempotent: no; part of a transaction that looks for the loads first.
INSERT INTO {{ident .Table}} ({{idents .Columns}})
SELECT {{idents .Columns}} FROM {{ident .Stage}}
WHERE {{ident .Load}} IN (SELECT l.id FROM UNNEST(@loads) AS l)
