-- Purpose: give the records that have all fields their places, by parts, for a
--   single count of many records is too much for one worker; and make what is
--   NULL so. A record's part comes from what it holds, so that it is the same
--   each time it is looked at.
-- Parameters: Into, Stage, Fields, Beyond (the field after the last, "" = there
--   can be none), Last, Some (fields that parts are made by), Constants; @head
--   (the fields of the header, with a separator), @nulls (texts), @slice, @load,
--   @read_at, @x1, ...
-- Idempotent: no; it fills a new table.
INSERT INTO {{ident .Into}} (_tapline_slice, _tapline_load, _tapline_row, _tapline_loaded_at, {{idents .Fields}}{{range .Constants}}, {{ident .}}{{end}})
WITH records AS (
  SELECT MOD(FARM_FINGERPRINT(ARRAY_TO_STRING([{{idents .Some}}], '|')), 1000) AS part, {{idents .Fields}} FROM {{ident .Stage}}
  WHERE {{ident .Last}} IS NOT NULL{{with .Beyond}} AND {{ident .}} IS NULL{{end}}{{if eq .Last "c1"}} AND c1 <> ''{{end}}
    AND ARRAY_TO_STRING([{{idents .Fields}}], '\x1f') <> @head
), counted AS (
  SELECT part, COUNT(*) AS n FROM records GROUP BY part
), places AS (
  SELECT part, CAST(SUM(n) OVER (ORDER BY part) - n AS INT64) AS before FROM counted
)
SELECT @slice, @load, p.before + ROW_NUMBER() OVER (PARTITION BY r.part) - 1, @read_at
{{- range .Fields}}, CASE WHEN r.{{ident .}} <> '' AND r.{{ident .}} NOT IN UNNEST(@nulls) THEN r.{{ident .}} END{{end}}{{range .Constants}}, @{{.}}{{end}}
FROM records AS r JOIN places AS p ON p.part = r.part
