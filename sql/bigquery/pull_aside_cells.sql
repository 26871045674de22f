-- Purpose: put aside the cells that their columns cannot hold, or that cannot be
--   read.
-- Parameters: Into, Stage, Columns (Field, Name, Source; functions: Form makes
--   the cell's text of the field, Show that text for people, Text and then Hash
--   what is stored of it, Cast the column's value, "" = it may hold none;
--   Wrong why the field can be no cell, Raw what it said then; Derived: the field is another column's,
--   which tells what cannot be read; Blank: an empty text is no value of Cast);
--   @load, @slice, @in_table, @read_at.
-- Idempotent: no; it fills a new table.
INSERT INTO {{ident .Into}} (`load`, slice, `table`, `row`, `column`, source, reason, place, raw, quarantined_at)
{{- range $i, $c := .Columns}}{{if $i}}
UNION ALL{{end}}
SELECT @load, @slice, @in_table, _tapline_row, {{text $c.Name}}, {{text $c.Source}},
  COALESCE({{$c.Wrong}}({{ident $c.Field}}), CASE WHEN {{$c.Form}}({{ident $c.Field}}) IS NULL THEN 'value.time' ELSE {{if $c.Cast}}'value.type'{{else}}'column.frozen'{{end}} END),
  CONCAT('row ', CAST(_tapline_row AS STRING), ' of the load'),
  {{$c.Hash}}(tapline_storable(IFNULL({{$c.Show}}({{$c.Form}}({{ident $c.Field}})), {{$c.Raw}}({{ident $c.Field}})))), @read_at
FROM {{ident $.Stage}} WHERE {{if $c.Derived}}{{$c.Form}}({{ident $c.Field}}){{else}}{{ident $c.Field}}{{end}} IS NOT NULL
{{- if $c.Cast}} AND {{$c.Cast}}({{$c.Hash}}({{$c.Text}}({{$c.Form}}({{ident $c.Field}})))) IS NULL
{{- if $c.Blank}} AND IFNULL({{$c.Hash}}({{$c.Form}}({{ident $c.Field}})), '-') <> ''{{end}}{{end}}{{end}}
