package bigquery

import (
	"context"
	"errors"
	"fmt"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// formatParquet is the format of an Object that is Parquet.
const formatParquet = "parquet"

// A parquetPuller reads Parquet, into a table whose columns BigQuery takes from
// the file. Such a table has fewer types than the file: which it was is said by
// the readings of the columns (see exporter.ReadParquet), which are paired with
// its fields by their order.
type parquetPuller struct{ *Warehouse }

// Parquet's own compression is inside; a name may say otherwise, and then the
// load job tells.
func (w parquetPuller) check(o warehouse.Object) error {
	if o.Packing != "" && o.Packing != "gzip" {
		return fmt.Errorf("it is compressed by %s", o.Packing)
	}
	return nil
}

func (w parquetPuller) load(ctx context.Context, p *warehouse.Pulled) error {
	src := bq.NewGCSReference(p.Object.URL)
	src.SourceFormat, src.ParquetOptions = bq.Parquet, &bq.ParquetOptions{EnumAsString: true}
	loaded, err := w.loadObject(ctx, p, placeAll, bq.TableMetadata{}, src)
	if err != nil {
		return err
	}
	p.Bytes, p.Records = loaded.InputFileBytes, loaded.OutputRows
	schema, err := w.schemaOf(ctx, p.Places[placeAll])
	if err != nil {
		return err
	}
	leaves := leavesOf(schema, nil)
	for _, l := range leaves {
		p.Keys = append(p.Keys, namesOf(l))
	}
	if p.Fields = len(leaves); p.Records == 0 {
		return nil
	}
	for _, l := range leaves {
		if err := w.openMap(ctx, p, l); err != nil {
			return err
		}
	}
	return nil
}

// inferring makes a load job take the columns of its table from the file, and
// change the names that BigQuery does not take. WRITE_TRUNCATE is what is
// documented to replace the columns too; the table's time of expiry stays.
func inferring(l *bq.Loader) {
	l.WriteDisposition, l.ColumnNameCharacterMap = bq.WriteTruncate, bq.V2ColumnNameCharacterMap
	l.DecimalTargetTypes = []bq.DecimalTargetType{bq.NumericTargetType, bq.BigNumericTargetType, bq.StringTargetType}
}

// schemaOf asks which columns a table has.
func (w *Warehouse) schemaOf(ctx context.Context, name string) (bq.Schema, error) {
	var md *bq.TableMetadata
	err := w.calling(ctx, "bigquery.tables.get", func(ctx context.Context) (err error) {
		md, err = w.table(name).Metadata(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return md.Schema, nil
}

// leavesOf are the fields that are no structures, in order, each with those above it.
func leavesOf(schema bq.Schema, above []*bq.FieldSchema) (leaves [][]*bq.FieldSchema) {
	for _, f := range schema {
		path := append(above[:len(above):len(above)], f)
		if f.Type == bq.RecordFieldType {
			leaves = append(leaves, leavesOf(f.Schema, path)...)
		} else {
			leaves = append(leaves, path)
		}
	}
	return leaves
}

func namesOf(path []*bq.FieldSchema) []string {
	names := make([]string, len(path))
	for i, f := range path {
		names[i] = f.Name
	}
	return names
}

// openMap appends the keys of the map whose keys a leaf holds, if it does and the
// map is to be opened: a structure of one repeated structure, which begins with
// the key.
func (w parquetPuller) openMap(ctx context.Context, p *warehouse.Pulled, leaf []*bq.FieldSchema) error {
	n := len(leaf) - 2
	if n < 1 || !isMap(leaf[n-1]) || leaf[n].Schema[0] != leaf[n+1] || p.Object.Open == nil || !p.Object.Open(namesOf(leaf[:n])) {
		return nil
	}
	for _, f := range leaf[:n] {
		if f.Repeated {
			return nil
		}
	}
	names := namesOf(leaf)
	data := map[string]any{"Stage": p.Places[placeAll], "Map": names[:n+1], "Key": names[n+1], "Most": warehouse.MaxColumns + 1}
	return w.ask(ctx, "pull_parquet_keys", data, nil, func(r row) error {
		if len(r.values) == 1 && r.values[0] == nil {
			return errUnpullable(p.Object, fmt.Errorf("the map %q has keys that are NULL", names[0]))
		}
		key := r.text()
		if strings.ContainsAny(key, "\x00\ufffd") {
			return errUnpullable(p.Object, fmt.Errorf("the map %q has the key %q, which may be no text", names[0], key))
		}
		p.Keys = append(p.Keys, append(names[:len(names):len(names)], key))
		if len(p.Keys) > p.Fields+warehouse.MaxColumns {
			return errUnpullable(p.Object, errors.New("its maps have more keys than a table has columns"))
		}
		return r.err
	})
}

// isMap reports whether a field is of a map's form, with a key of text.
func isMap(f *bq.FieldSchema) bool {
	if f.Type != bq.RecordFieldType || len(f.Schema) != 1 {
		return false
	}
	pair := f.Schema[0]
	return pair.Type == bq.RecordFieldType && pair.Repeated && len(pair.Schema) == 2 && pair.Schema[0].Type == bq.StringFieldType
}

// putAside does nothing: every row of Parquet is one.
func (w parquetPuller) putAside(context.Context, *warehouse.Pulled) error { return nil }
