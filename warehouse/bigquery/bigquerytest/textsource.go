//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
	"os"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

const (
	usualLine = 1 << 20   // bytes of a line that DuckDB takes by itself
	mostLine  = 100 << 20 // of a line that the service takes
)

// openText opens CSV and newline-delimited JSON. The columns are those of the
// job's schema, or of the table that is there.
func (w *writing) openText(ctx context.Context) (*source, error) {
	if w.c.Autodetect {
		return nil, invalid("autodetect is not served by bigquerytest")
	}
	schema := w.c.Schema
	if schema == nil && w.have != nil {
		schema = w.have.meta.Schema
	}
	if schema == nil || len(schema.Fields) == 0 {
		return nil, invalid("No schema specified on job or table.")
	}
	schema, err := clone(schema)
	if err != nil {
		return nil, err
	}
	if err := normalize(schema.Fields, 1); err != nil {
		return nil, err
	}
	for _, f := range schema.Fields {
		if f.Mode == "REPEATED" || f.Type == "RECORD" {
			return nil, invalid("column %s: nested and repeated columns are served by bigquerytest in Parquet alone", f.Name)
		}
	}
	src := &source{fields: schema.Fields, value: castText}
	if w.c.SourceFormat == "CSV" {
		src.relation, err = w.csv(ctx, schema.Fields)
	} else {
		src.relation, err = w.json(ctx, schema.Fields)
	}
	return src, err
}

// castText makes a column's text a value of its type.
func castText(f *bq.TableFieldSchema) string {
	k, _ := kindNamed(f.Type)
	if k.rest == "STRING" || k.rest == "JSON" {
		return "CAST(" + ident(f.Name) + " AS " + k.duck + ")"
	}
	return castMacro(k, ident(f.Name), false)
}

func (w *writing) csv(ctx context.Context, fields []*bq.TableFieldSchema) (string, error) {
	c := w.c
	if c.MaxBadRecords > 0 {
		return "", invalid("maxBadRecords is not served by bigquerytest")
	}
	if e := strings.ToUpper(c.Encoding); e != "" && e != "UTF-8" {
		return "", invalid("encoding %s is not served by bigquerytest", c.Encoding)
	}
	quote, delimiter := `"`, c.FieldDelimiter
	if c.Quote != nil {
		quote = *c.Quote
	}
	switch delimiter {
	case "":
		delimiter = ","
	case `\t`, "tab":
		delimiter = "\t"
	}
	if err := w.unpackText(dialect{delimiter, quote, len(fields), c.PreserveAsciiControlCharacters}); err != nil {
		return "", err
	}
	relation := fmt.Sprintf("read_csv(%s, auto_detect = false, header = false, skip = %d, delim = %s, quote = %s, escape = %s, comment = '', nullstr = %s, "+
		"allow_quoted_nulls = false, null_padding = %t, strict_mode = true, parallel = false, columns = %s%s)",
		w.files.list(), c.SkipLeadingRows, text(delimiter), text(quote), text(quote), text(c.NullMarker), c.AllowJaggedRows, texts(fields), w.longLines())
	if c.AllowQuotedNewlines {
		return relation, nil
	}
	return relation, w.checkLines(ctx, relation)
}

// longLines lets DuckDB read lines that are longer than it takes by itself.
func (w *writing) longLines() string {
	longest := int64(0)
	for _, name := range w.files.names {
		if about, err := os.Stat(name); err == nil {
			longest = max(longest, about.Size())
		}
	}
	if longest < usualLine {
		return ""
	}
	return fmt.Sprintf(", max_line_size = %d, buffer_size = %d", min(longest, mostLine), 2*min(longest, mostLine))
}

// checkLines refuses line breaks within quotes, which the job does not allow.
func (w *writing) checkLines(ctx context.Context, relation string) error {
	var broken bool
	err := w.s.db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM "+relation+" AS t WHERE CAST(t AS VARCHAR) LIKE '%' || chr(10) || '%'").Scan(&broken)
	if err == nil && broken {
		err = invalid("Error while reading data, error message: CSV table encountered too many errors, giving up. Missing close double quote (\") character.")
	}
	return err
}

// texts is a list of columns that are all text.
func texts(fields []*bq.TableFieldSchema) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = text(f.Name) + ": 'VARCHAR'"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (w *writing) json(ctx context.Context, fields []*bq.TableFieldSchema) (string, error) {
	if w.c.MaxBadRecords > 0 {
		return "", invalid("maxBadRecords is not served by bigquerytest")
	}
	if !w.c.IgnoreUnknownValues {
		if err := w.checkKeys(ctx, fields); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("read_json(%s, format = 'newline_delimited', auto_detect = false, columns = %s)", w.files.list(), texts(fields)), nil
}

// checkKeys refuses objects with keys that are no columns.
func (w *writing) checkKeys(ctx context.Context, fields []*bq.TableFieldSchema) error {
	rows, err := w.s.db.QueryContext(ctx, "SELECT DISTINCT unnest(json_keys(json)) FROM read_ndjson_objects("+w.files.list()+")")
	if err != nil {
		return invalid("Error while reading data, error message: %v", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		if field(&bq.TableSchema{Fields: fields}, key) == nil {
			return invalid("Error while reading data, error message: JSON table encountered too many errors, giving up. No such field: %s.", key)
		}
	}
	return rows.Err()
}
