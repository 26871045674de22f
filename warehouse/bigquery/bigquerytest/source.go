//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// A source is the rows of a load's files, in DuckDB's dialect.
type source struct {
	fields   []*bq.TableFieldSchema // the columns that are loaded
	relation string
	value    func(*bq.TableFieldSchema) string // of a column, in its table's type
}

// explain says in the service's way why a file could not be read.
func (s *source) explain(err error) error {
	p := explain(err)
	if q := asProblem(p); q.reason != "invalidQuery" && q.reason != "internalError" {
		return p
	}
	return invalid("Error while reading data, error message: %v", err)
}

func (w *writing) openSource(ctx context.Context) (*source, error) {
	if w.c.SourceFormat == "PARQUET" {
		return w.openParquet(ctx)
	}
	return w.openText(ctx)
}

// list is the files as a list of DuckDB.
func (f *files) list() string {
	quoted := make([]string, len(f.names))
	for i, n := range f.names {
		quoted[i] = text(n)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (w *writing) openParquet(ctx context.Context) (*source, error) {
	src := &source{relation: "read_parquet(" + w.files.list() + ", union_by_name = true, hive_partitioning = false)"}
	columns, err := w.parquetColumns(ctx)
	if err != nil {
		return nil, src.explain(err)
	}
	if err := w.compareFiles(columns); err != nil {
		return nil, err
	}
	inferred, err := w.infer(columns)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	var fields []*bq.TableFieldSchema
	for i, f := range inferred {
		fields = append(fields, f.TableFieldSchema)
		values[strings.ToLower(f.Name)] = inferred[i].value("")
	}
	if err := w.normalize(fields); err != nil {
		return nil, err
	}
	src.fields, err = w.chosen(fields)
	src.value = func(f *bq.TableFieldSchema) string {
		if slices.Contains(w.files.lacking, strings.ToLower(f.Name)) {
			return "CAST(NULL AS " + duckType(f) + ")"
		}
		return "CAST(" + values[strings.ToLower(f.Name)] + " AS " + duckType(f) + ")"
	}
	return src, err
}

// normalize checks the names of columns as the job takes them.
func (w *writing) normalize(fields []*bq.TableFieldSchema) error {
	return normalizeNamed(fields, 1, w.columnCheck())
}

// columnCheck is what names have to pass. Flexible names come by V2 alone.
func (w *writing) columnCheck() func(name string) error {
	if w.c.SourceFormat == "PARQUET" && w.c.ColumnNameCharacterMap == "V2" {
		return reservedColumn
	}
	return checkColumn
}

// infer is the schema of the files as BigQuery sees it: the columns of all, in
// the order in which they are met. A value is of what DuckDB reads.
func (w *writing) infer(columns []*parquetNode) ([]parquetField, error) {
	var fields []parquetField
	at := map[string]int{}
	for _, c := range columns {
		if i, ok := at[c.name]; ok {
			if c.repetition == "OPTIONAL" && fields[i].Mode == "REQUIRED" {
				fields[i].Mode = "NULLABLE"
			}
			continue
		}
		f, err := w.parquetField(c)
		if err != nil {
			return nil, err
		}
		made := f.value
		f.value = func(string) string { return made(ident(c.name)) }
		at[c.name] = len(fields)
		fields = append(fields, f)
	}
	return fields, nil
}

// compareFiles refuses files that differ: in a column's type always, and under
// a wildcard in any way.
func (w *writing) compareFiles(columns []*parquetNode) error {
	types, shapes := map[string]*parquetNode{}, map[string][]string{}
	for _, c := range columns {
		first, ok := types[strings.ToLower(c.name)]
		if ok && first.file != c.file && (first.physical != c.physical || first.logical != c.logical) {
			return invalid("Error while reading data, error message: Parquet column '%s' has type %s which does not match the target type %s. File: %s",
				c.name, c.physical, first.physical, c.file)
		}
		types[strings.ToLower(c.name)] = c
		shapes[c.file] = append(shapes[c.file], c.name)
	}
	if !w.files.wildcard {
		return nil
	}
	var one []string
	for file, names := range shapes {
		if one != nil && !slices.Equal(one, names) {
			return invalid("Error while reading data, error message: the schemas of the files that the wildcard matches differ. File: %s", file)
		}
		one = names
	}
	return nil
}

// chosen are the columns to load: the files' own, or those of the schema that
// the job gives, which must be of the files' types.
func (w *writing) chosen(inferred []*bq.TableFieldSchema) ([]*bq.TableFieldSchema, error) {
	if w.c.Schema == nil || len(w.c.Schema.Fields) == 0 {
		if w.have == nil || !w.c.IgnoreUnknownValues {
			return inferred, nil
		}
		return slices.DeleteFunc(inferred, func(f *bq.TableFieldSchema) bool { return field(w.have.meta.Schema, f.Name) == nil }), nil
	}
	given, err := clone(w.c.Schema)
	if err != nil {
		return nil, err
	}
	if err := normalize(given.Fields, 1); err != nil {
		return nil, err
	}
	var fields []*bq.TableFieldSchema
	for _, f := range inferred {
		g := field(given, f.Name)
		switch {
		case g == nil && w.c.IgnoreUnknownValues:
			continue
		case g == nil:
			return nil, invalid("Provided schema does not have the column %s of the file", f.Name)
		case g.Type == "JSON":
			return nil, invalid("Unsupported field type: JSON (field: %s)", f.Name)
		case g.Type != f.Type:
			return nil, invalid("Error while reading data, error message: Parquet column '%s' has type %s which does not match the target type %s", f.Name, f.Type, g.Type)
		case g.Mode == "REPEATED" != (f.Mode == "REPEATED"):
			return nil, invalid("Field %s has changed mode from %s to %s", f.Name, g.Mode, f.Mode)
		}
		fields = append(fields, g)
	}
	return w.complete(given, fields)
}

// complete adds the columns that the job's schema has and the files lack: they
// are NULL, so the table may get them.
func (w *writing) complete(given *bq.TableSchema, fields []*bq.TableFieldSchema) ([]*bq.TableFieldSchema, error) {
	for _, g := range given.Fields {
		if slices.Contains(fields, g) {
			continue
		}
		if g.Mode == "REQUIRED" {
			return nil, invalid("Required field %s is missing in the files", g.Name)
		}
		w.files.lacking = append(w.files.lacking, strings.ToLower(g.Name))
	}
	return given.Fields, nil
}
