-- Purpose: put aside the records that have other fields than they should, at the
--   places behind all others. Their text is made again from the fields.
-- Parameters: Into, Stage, All (every field), Fields, Beyond, Last, Second,
--   Separator; @head, @load, @slice, @in_table, @place, @rows, @read_at.
-- Idempotent: no; it fills a new table.
INSERT INTO {{ident .Into}} (`load`, slice, `table`, `row`, `column`, source, reason, place, raw, quarantined_at)
SELECT @load, @slice, @in_table, @rows + ROW_NUMBER() OVER () - 1, '', '',
  CASE WHEN ARRAY_TO_STRING([{{idents .Fields}}], '\x1f') = @head{{with .Beyond}} AND {{ident .}} IS NULL{{end}} THEN 'csv.repeated_header' ELSE 'csv.fields' END, @place,
  REGEXP_REPLACE(ARRAY_TO_STRING([{{range $i, $f := .All}}{{if $i}}, {{end}}
    CASE WHEN STRPOS({{ident $f}}, {{text $.Separator}}) + STRPOS({{ident $f}}, '"') + STRPOS({{ident $f}}, '\n') > 0 THEN CONCAT('"', REPLACE({{ident $f}}, '"', '""'), '"') ELSE {{ident $f}} END{{end}}],
    {{text .Separator}}), r'\x00', r'\\x00'), @read_at
FROM {{ident .Stage}}
WHERE NOT ({{ident .Last}} IS NOT NULL{{with .Beyond}} AND {{ident .}} IS NULL{{end}} AND ARRAY_TO_STRING([{{idents .Fields}}], '\x1f') <> @head)
  AND (IFNULL(c1, '') <> ''{{if .Second}} OR {{ident .Second}} IS NOT NULL{{end}})
