-- Purpose: how many records there are that have other fields than they should, or
--   are the header once more. A record without anything is none.
-- Parameters: Stage, Fields, Beyond, Last; @head.
-- Idempotent: reads only.
SELECT COUNT(*) FROM {{ident .Stage}}
WHERE NOT ({{ident .Last}} IS NOT NULL{{with .Beyond}} AND {{ident .}} IS NULL{{end}} AND ARRAY_TO_STRING([{{idents .Fields}}], '\x1f') <> @head)
  AND (IFNULL(c1, '') <> ''{{if .Second}} OR {{ident .Second}} IS NOT NULL{{end}})
