//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	bq "google.golang.org/api/bigquery/v2"
)

// A parquetNode is a field of a file's schema.
type parquetNode struct {
	file, name                   string
	physical, converted, logical string
	repetition                   string
	precision, scale             int64
	below                        int64 // how many children it has
	children                     []*parquetNode
}

// is reports whether the field has one of the annotations: a ConvertedType, or
// what a LogicalType begins with.
func (n *parquetNode) is(annotations ...string) bool {
	return slices.ContainsFunc(annotations, func(a string) bool { return n.converted == a || a != "" && strings.HasPrefix(n.logical, a) })
}

// parquetColumns reads the schemas of all files.
func (w *writing) parquetColumns(ctx context.Context) ([]*parquetNode, error) {
	rows, err := w.s.db.QueryContext(ctx, `SELECT file_name, name, coalesce("type", ''), coalesce(converted_type, ''), coalesce(CAST(logical_type AS VARCHAR), ''),
		coalesce(repetition_type, ''), coalesce("precision", 0), coalesce("scale", 0), coalesce(num_children, 0) FROM parquet_schema(`+w.files.list()+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var flat []*parquetNode // depth first
	for rows.Next() {
		n := &parquetNode{}
		if err := rows.Scan(&n.file, &n.name, &n.physical, &n.converted, &n.logical, &n.repetition, &n.precision, &n.scale, &n.below); err != nil {
			return nil, err
		}
		flat = append(flat, n)
	}
	var columns []*parquetNode
	for len(flat) > 0 {
		root := flat[0]
		flat = root.grow(flat[1:])
		columns = append(columns, root.children...)
	}
	return columns, rows.Err()
}

// grow takes the fields below n from the start of a list, and returns the rest.
func (n *parquetNode) grow(flat []*parquetNode) []*parquetNode {
	for i := int64(0); i < n.below && len(flat) > 0; i++ {
		c := flat[0]
		flat = c.grow(flat[1:])
		n.children = append(n.children, c)
	}
	return flat
}

// A parquetField is a column, and how its value is made of what DuckDB reads.
type parquetField struct {
	*bq.TableFieldSchema
	value func(expression string) string
}

// parquetField is what BigQuery makes of a field of Parquet.
func (w *writing) parquetField(n *parquetNode) (parquetField, error) {
	name, err := w.columnName(n.name)
	if err != nil {
		return parquetField{}, err
	}
	var f parquetField
	switch {
	case n.physical != "":
		f, err = w.parquetScalar(n)
	case n.is("LIST", "ListType") && len(n.children) == 1 && n.children[0].repetition == "REPEATED":
		f, err = w.parquetList(n)
	case n.is("MAP", "MAP_KEY_VALUE", "MapType") && len(n.children) == 1 && len(n.children[0].children) == 2:
		f, err = w.parquetMap(n)
	default:
		f, err = w.parquetStruct(n.children)
	}
	if err != nil {
		return f, err
	}
	f.Name = name
	switch {
	case f.Mode != "":
	case n.repetition == "REPEATED":
		return w.repeated(f), nil
	case n.repetition == "REQUIRED":
		f.Mode = "REQUIRED"
	default:
		f.Mode = "NULLABLE"
	}
	return f, nil
}

// repeated is an array of a field.
func (w *writing) repeated(f parquetField) parquetField {
	one, x := f.value, w.s.name("x_")
	f.Mode = "REPEATED"
	f.value = func(v string) string { return fmt.Sprintf("list_transform(%s, lambda %s: %s)", v, x, one(x)) }
	return f
}

// columnName is what the job makes of a name.
func (w *writing) columnName(name string) (string, error) {
	if strings.Contains(name, ".") {
		return "", invalid("Error while reading data, error message: Invalid field name %q: Parquet columns with a period in their names cannot be loaded.", name)
	}
	keep := func(r rune) bool { return r < unicode.MaxASCII && plainName("_"+string(r)) }
	switch w.c.ColumnNameCharacterMap {
	case "V1":
	case "V2":
		keep = flexible
	default:
		return name, nil
	}
	changed := strings.Map(func(r rune) rune {
		if keep(r) {
			return r
		}
		return '_'
	}, name)
	if w.c.ColumnNameCharacterMap == "V1" && !plainName(changed) {
		changed = "_" + changed
	}
	return changed, nil
}

// flexible reports whether a character may stand in a flexible name.
func flexible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.Pc, unicode.Pd, unicode.Zs) || strings.ContainsRune("&%=+:'<>#|", r)
}

// parquetStruct is a structure of fields, which DuckDB calls by the names in
// from; none = their own.
func (w *writing) parquetStruct(children []*parquetNode, from ...string) (parquetField, error) {
	f := parquetField{TableFieldSchema: &bq.TableFieldSchema{Type: "RECORD"}}
	var values []func(string) string
	for i, c := range children {
		sub, err := w.parquetField(c)
		if err != nil {
			return f, err
		}
		if i == len(from) {
			from = append(from, c.name)
		}
		f.Fields, values = append(f.Fields, sub.TableFieldSchema), append(values, sub.value)
	}
	f.value = func(v string) string {
		parts := make([]string, len(values))
		for i, value := range values {
			parts[i] = ident(f.Fields[i].Name) + " := " + value(fmt.Sprintf("struct_extract(%s, %s)", v, text(from[i])))
		}
		return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE struct_pack(%s) END", v, strings.Join(parts, ", "))
	}
	return f, nil
}

// parquetList is an array where the job infers lists, else a structure with the
// repeated field in it.
func (w *writing) parquetList(n *parquetNode) (parquetField, error) {
	entry := n.children[0]
	wrapped := len(entry.children) == 1 && entry.name != "array" && entry.name != n.name+"_tuple"
	item := *entry
	if wrapped {
		item = *entry.children[0]
	}
	item.repetition = "OPTIONAL"
	f, err := w.parquetField(&item)
	if err != nil {
		return f, err
	}
	if o := w.c.ParquetOptions; o != nil && o.EnableListInference {
		if f.Mode == "REPEATED" {
			return f, invalid("Error while reading data, error message: column %s: arrays of arrays are not supported", n.name)
		}
		return w.repeated(f), nil
	}
	name := f.Name
	if wrapped {
		one := f
		f = parquetField{&bq.TableFieldSchema{Type: "RECORD", Fields: []*bq.TableFieldSchema{one.TableFieldSchema}}, func(v string) string {
			return fmt.Sprintf("struct_pack(%s := %s)", ident(name), one.value(v))
		}}
	}
	return w.within(w.repeated(f), entry.name, "%s")
}

// within is a structure with a repeated field of a list or map in it; from makes
// the list of it.
func (w *writing) within(list parquetField, name, from string) (f parquetField, err error) {
	if list.Name, err = w.columnName(name); err != nil {
		return f, err
	}
	return parquetField{&bq.TableFieldSchema{Type: "RECORD", Fields: []*bq.TableFieldSchema{list.TableFieldSchema}}, func(v string) string {
		return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE struct_pack(%s := %s) END", v, ident(list.Name), list.value(fmt.Sprintf(from, v)))
	}}, nil
}

func (w *writing) parquetMap(n *parquetNode) (parquetField, error) {
	f, err := w.parquetStruct(n.children[0].children, "key", "value")
	if err != nil {
		return f, err
	}
	return w.within(w.repeated(f), n.children[0].name, "map_entries(%s)")
}

// parquetScalar is the type of a primitive; what is not in the table of
// conversions cannot be loaded.
func (w *writing) parquetScalar(n *parquetNode) (parquetField, error) {
	options := w.c.ParquetOptions
	t, plain := "", n.converted == "" && n.logical == ""
	switch n.physical {
	case "BOOLEAN":
		t = "BOOLEAN"
	case "FLOAT", "DOUBLE":
		t = "FLOAT"
	case "INT96":
		t = "TIMESTAMP"
	case "INT32", "INT64":
		t = typeOfInt(n, plain)
	case "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY":
		switch {
		case plain:
			t = "BYTES"
		case n.physical == "BYTE_ARRAY" && n.is("UTF8", "StringType"):
			t = "STRING"
		case n.physical == "BYTE_ARRAY" && n.is("ENUM", "EnumType"):
			if t = "BYTES"; options != nil && options.EnumAsString {
				t = "STRING"
			}
		}
	}
	if n.is("DECIMAL", "DecimalType") && n.physical != "BYTE_ARRAY" {
		return w.decimalField(n)
	}
	if t == "" || strings.Contains(n.logical, "NANOS=Nano") {
		return parquetField{}, invalid("Error while reading data, error message: Unsupported type of Parquet column %s: %s %s %s. File: %s", n.name, n.physical, n.converted, n.logical, n.file)
	}
	return scalarOf(t), nil
}

// typeOfInt is the type of integers; "" = the annotation is not known.
func typeOfInt(n *parquetNode, plain bool) string {
	switch {
	case plain, n.is("INT_8", "INT_16", "INT_32", "INT_64", "UINT_8", "UINT_16", "UINT_32", "UINT_64", "IntType"):
		return "INTEGER"
	case n.is("DATE", "DateType"):
		return "DATE"
	case n.is("TIME_MILLIS", "TIME_MICROS", "TimeType"):
		return "TIME"
	case n.is("TIMESTAMP_MILLIS", "TIMESTAMP_MICROS", "TimestampType"):
		return "TIMESTAMP" // DATETIME is never inferred
	}
	return ""
}

func scalarOf(t string) parquetField {
	f := &bq.TableFieldSchema{Type: t}
	return parquetField{f, func(v string) string {
		if t == "BYTES" {
			return "bq_bytes(" + v + ")"
		}
		return "CAST(" + v + " AS " + duckType(&bq.TableFieldSchema{Type: t}) + ")"
	}}
}

// decimalField chooses the first type that holds the digits: NUMERIC alone when
// the job does not say more. Here BIGNUMERIC has fewer digits than in BigQuery.
func (w *writing) decimalField(n *parquetNode) (parquetField, error) {
	kinds := w.c.DecimalTargetTypes
	if len(kinds) == 0 {
		kinds = []string{"NUMERIC"}
	}
	switch {
	case slices.Contains(kinds, "NUMERIC") && n.scale <= 9 && n.precision-n.scale <= 29:
		return scalarOf("NUMERIC"), nil
	case slices.Contains(kinds, "BIGNUMERIC") && n.scale <= 18 && n.precision-n.scale <= 20:
		return scalarOf("BIGNUMERIC"), nil
	case slices.Contains(kinds, "STRING"):
		return scalarOf("STRING"), nil
	}
	return parquetField{}, invalid("Error while reading data, error message: column %s: decimal(%d,%d) does not fit %s", n.name, n.precision, n.scale, strings.Join(kinds, ", "))
}
