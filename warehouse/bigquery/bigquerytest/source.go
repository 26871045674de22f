//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
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

// A parquetColumn is a top-level column of one file.
type parquetColumn struct{ file, name, physical, logical, repetition string }

func (w *writing) openParquet(ctx context.Context) (*source, error) {
	relation := "read_parquet(" + w.files.list() + ", union_by_name = true, hive_partitioning = false)"
	src := &source{relation: relation}
	columns, err := w.parquetColumns(ctx)
	if err != nil {
		return nil, src.explain(err)
	}
	if err := w.compareFiles(columns); err != nil {
		return nil, err
	}
	modes := map[string]string{}
	for _, c := range columns {
		// DuckDB writes all units, those that it is not of as NANOS=<null>.
		if l := strings.ToUpper(c.logical); strings.Contains(strings.ReplaceAll(l, "NANOS=<NULL>", ""), "NANO") {
			return nil, invalid("Error while reading data, error message: Unsupported logical type in Parquet column %s: TIMESTAMP(NANOS). File: %s", c.name, c.file)
		}
		if c.repetition == "REQUIRED" && modes[c.name] == "" {
			modes[c.name] = "REQUIRED"
		} else if c.repetition != "REQUIRED" {
			modes[c.name] = "NULLABLE"
		}
	}
	inferred, err := w.infer(ctx, relation, modes)
	if err != nil {
		return nil, err
	}
	if err := normalize(inferred, 1); err != nil {
		return nil, err
	}
	src.fields, err = w.chosen(inferred)
	src.value = func(f *bq.TableFieldSchema) string {
		from := ident(f.Name)
		if slices.Contains(w.files.lacking, strings.ToLower(f.Name)) {
			from = "NULL"
		}
		return "CAST(" + from + " AS " + duckType(f) + ")"
	}
	return src, err
}

// parquetColumns reads the schemas of all files; nested fields are left out.
func (w *writing) parquetColumns(ctx context.Context) ([]parquetColumn, error) {
	rows, err := w.s.db.QueryContext(ctx, `SELECT file_name, name, coalesce("type", ''), coalesce(CAST(logical_type AS VARCHAR), ''),
		coalesce(repetition_type, ''), coalesce(num_children, 0) FROM parquet_schema(`+w.files.list()+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []parquetColumn
	inside, before := int64(0), "" // fields below the current top-level column; the file before
	for rows.Next() {
		var c parquetColumn
		var children int64
		if err := rows.Scan(&c.file, &c.name, &c.physical, &c.logical, &c.repetition, &children); err != nil {
			return nil, err
		}
		switch {
		case c.file != before: // the root
			before, inside = c.file, 0
		case inside > 0:
			inside += children - 1
		default:
			columns, inside = append(columns, c), children
		}
	}
	return columns, rows.Err()
}

// compareFiles refuses files that differ: in a column's type always, and under
// a wildcard in any way.
func (w *writing) compareFiles(columns []parquetColumn) error {
	types, shapes := map[string]parquetColumn{}, map[string][]string{}
	for _, c := range columns {
		first, ok := types[strings.ToLower(c.name)]
		if ok && (first.physical != c.physical || first.logical != c.logical) {
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

// infer is the schema of the files as BigQuery sees it.
func (w *writing) infer(ctx context.Context, relation string, modes map[string]string) ([]*bq.TableFieldSchema, error) {
	columns, err := describe(ctx, w.s.db, "SELECT * FROM "+relation)
	if err != nil {
		return nil, invalid("Error while reading data, error message: %v", err)
	}
	var fields []*bq.TableFieldSchema
	for _, c := range columns {
		f, err := w.parquetField(c)
		if err != nil {
			return nil, err
		}
		if f.Mode == "NULLABLE" && modes[c.name] != "" {
			f.Mode = modes[c.name]
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func (w *writing) parquetField(c column) (*bq.TableFieldSchema, error) {
	options := w.c.ParquetOptions
	if strings.Contains(c.duck, "[]") && (options == nil || !options.EnableListInference) {
		return nil, invalid("column %s: lists are served by bigquerytest with enableListInference alone", c.name)
	}
	switch {
	case c.duck == "TIMESTAMP": // DATETIME is never inferred
		return &bq.TableFieldSchema{Name: c.name, Type: "TIMESTAMP", Mode: "NULLABLE"}, nil
	case strings.HasPrefix(c.duck, "DECIMAL("):
		return w.decimalField(c)
	}
	f, err := fieldOf(c.name, c.duck)
	if err != nil {
		return nil, invalid("Error while reading data, error message: Unsupported type of Parquet column %s: %s", c.name, c.duck)
	}
	return f, nil
}

// decimalField chooses the first type that holds the digits: NUMERIC alone
// when the job does not say more.
func (w *writing) decimalField(c column) (*bq.TableFieldSchema, error) {
	var precision, scale int
	if _, err := fmt.Sscanf(c.duck, "DECIMAL(%d,%d)", &precision, &scale); err != nil {
		return nil, err
	}
	kinds := w.c.DecimalTargetTypes
	if len(kinds) == 0 {
		kinds = []string{"NUMERIC"}
	}
	switch {
	case slices.Contains(kinds, "NUMERIC") && scale <= 9 && precision-scale <= 29:
		return &bq.TableFieldSchema{Name: c.name, Type: "NUMERIC", Mode: "NULLABLE"}, nil
	case slices.Contains(kinds, "BIGNUMERIC") && scale <= 18 && precision-scale <= 20:
		return &bq.TableFieldSchema{Name: c.name, Type: "BIGNUMERIC", Mode: "NULLABLE"}, nil
	case slices.Contains(kinds, "STRING"):
		return &bq.TableFieldSchema{Name: c.name, Type: "STRING", Mode: "NULLABLE"}, nil
	}
	return nil, invalid("Error while reading data, error message: column %s: decimal(%d,%d) does not fit %s", c.name, precision, scale, strings.Join(kinds, ", "))
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
