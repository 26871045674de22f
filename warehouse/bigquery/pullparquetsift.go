package bigquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// cellUntold is the kind of a cell that the table loaded does not tell. It goes
// no further than here.
const cellUntold warehouse.CellKinds = 1 << 8

// parquetFormOf is formOf the readings of Parquet.
func parquetFormOf(as string) form {
	f := form{text: "tapline_parquet_text", show: "tapline_same", kind: "tapline_parquet_kind", wrong: "tapline_parquet_wrong", raw: "tapline_parquet_raw", times: "tapline_json_as_", blank: true}
	switch _, more := parquetTypeOf(as); more {
	case "compact":
		f.text, f.kind = "tapline_parquet_compact", "tapline_parquet_compact_kind"
	case "compact_day":
		f.text, f.kind, f.derived = "tapline_parquet_compact_day", "tapline_parquet_compact_day_kind", true
	}
	return f
}

// isParquet reports whether a reading is one of Parquet's.
func isParquet(as string) bool { return strings.HasPrefix(as, "parquet ") }

// parquetTypeOf is the type in a reading, and what else it says.
func parquetTypeOf(as string) (typ, more string) {
	typ, more, _ = strings.Cut(strings.TrimPrefix(as, "parquet "), " ")
	return typ, more
}

// A parquetValue says in the words of pull_parquet_sift how a field's text is made.
type parquetValue struct {
	Kind     string // "field", "union", "list" or "map"
	From     string // what Path is a path in
	Path     []string
	Function string
	Text     bool   // the function is of the value's text
	Scale    string // "" = it has none
	Members  []parquetValue
	List     *parquetValue // where the list is
	Item     *parquetValue
	Key      string // of a map
	KeyName  string // what its keys are called
}

// A parquetType is a type of a reading.
type parquetType struct {
	word, scale string
	members     []parquetType
}

// readType reads a type from the start of a text and returns what follows it.
func readType(s string) (t parquetType, rest string, err error) {
	i := strings.IndexAny(s, "(,)")
	if i < 0 {
		i = len(s)
	}
	t.word, t.scale, _ = strings.Cut(s[:i], ":")
	s = s[i:]
	for more := "("; strings.HasPrefix(s, more); more = "," {
		var m parquetType
		if m, s, err = readType(s[1:]); err != nil {
			return t, s, err
		}
		t.members = append(t.members, m)
	}
	if len(t.members) > 0 {
		var closed bool
		if s, closed = strings.CutPrefix(s, ")"); !closed {
			return t, s, fmt.Errorf("the type %q does not end", t.word)
		}
	}
	if t.scale != "" {
		if _, err := strconv.ParseUint(t.scale, 10, 32); err != nil {
			return t, s, fmt.Errorf("the scale %q is none", t.scale)
		}
	}
	return t, s, nil
}

// valueOf says how to make the text of a field of a type, found among fields
// that are in from.
func (t parquetType) valueOf(path []*bq.FieldSchema, from string) (parquetValue, error) {
	f := path[len(path)-1]
	v := parquetValue{Kind: "field", From: from, Path: namesOf(path), Scale: t.scale}
	switch t.word {
	case "union":
		return t.unionOf(path, v)
	case "list":
		return t.listOf(path, v)
	}
	if why := unreadable(t.word); why != "" {
		return v, errors.New(why)
	}
	types := map[string][]bq.FieldType{
		"bool": {bq.BooleanFieldType}, "int": {bq.IntegerFieldType}, "unsigned": {bq.IntegerFieldType}, "single": {bq.FloatFieldType}, "double": {bq.FloatFieldType},
		"date": {bq.DateFieldType}, "instant": {bq.TimestampFieldType}, "local": {bq.TimestampFieldType}, "time": {bq.TimeFieldType},
		"decimal": {bq.NumericFieldType, bq.BigNumericFieldType, bq.StringFieldType}, "string": {bq.StringFieldType},
		"bytes": {bq.BytesFieldType}, "hex": {bq.BytesFieldType}, "uuid": {bq.BytesFieldType},
	}[t.word]
	if !slices.Contains(types, f.Type) || f.Repeated {
		return v, fmt.Errorf("it is of the type %s, which BigQuery made %s", t.word, shapeOf(f))
	}
	v.Function, v.Text = "tapline_parquet_"+t.word, t.word == "decimal"
	return v, nil
}

// unreadable says why no value of a type can be told from what BigQuery makes of it.
func unreadable(word string) string {
	switch word {
	case "int96":
		return "it has instants in nanoseconds (INT96), and BigQuery keeps microseconds"
	case "nanos", "time_nanos":
		return "it has times in nanoseconds, which BigQuery does not load"
	case "half":
		return "it has numbers of half precision, which BigQuery does not load"
	case "interval":
		return "it has intervals, which BigQuery does not load"
	case "nested":
		return "it has lists, maps or structures whose text only tapline writes; flatten: true makes columns of what is in structures and maps, and columns: with drop: true leaves it out"
	}
	return ""
}

// shapeOf is the type of a column for messages.
func shapeOf(f *bq.FieldSchema) string {
	if f.Repeated {
		return "an array of " + string(f.Type)
	}
	return string(f.Type)
}

// unionOf: the path leads to the structure.
func (t parquetType) unionOf(path []*bq.FieldSchema, v parquetValue) (parquetValue, error) {
	f := path[len(path)-1]
	if f.Type != bq.RecordFieldType || f.Repeated || len(f.Schema) != len(t.members) {
		return v, fmt.Errorf("it is a union of %d members, which BigQuery made %s of %d", len(t.members), shapeOf(f), len(f.Schema))
	}
	v.Kind = "union"
	for i, m := range t.members {
		member, err := m.valueOf(append(path[:len(path):len(path)], f.Schema[i]), v.From)
		if err != nil {
			return v, err
		}
		v.Members = append(v.Members, member)
	}
	return v, nil
}

// listOf: the path leads to a structure of one repeated structure of one field.
func (t parquetType) listOf(path []*bq.FieldSchema, v parquetValue) (parquetValue, error) {
	f := path[len(path)-1]
	if f.Type != bq.RecordFieldType || f.Repeated || len(f.Schema) != 1 || !f.Schema[0].Repeated || len(f.Schema[0].Schema) != 1 || len(t.members) != 1 {
		return v, fmt.Errorf("it is a list, which BigQuery made %s", shapeOf(f))
	}
	item, err := t.members[0].valueOf(f.Schema[0].Schema, "e")
	if err != nil {
		return v, err
	}
	v.Kind, v.Item = "list", &item
	v.List = &parquetValue{From: v.From, Path: append(v.Path[:len(v.Path):len(v.Path)], f.Schema[0].Name)}
	return v, nil
}

// depth is how many levels below a field of the type its first leaf is.
func (t parquetType) depth() int {
	switch t.word {
	case "union":
		return 1 + t.members[0].depth()
	case "list":
		return 2
	}
	return 0
}

// fieldOf says how to make the text of a column.
func (w parquetPuller) fieldOf(p warehouse.Pulled, leaves [][]*bq.FieldSchema, c warehouse.PulledColumn) (parquetValue, error) {
	word, _ := parquetTypeOf(c.As)
	t, rest, err := readType(word)
	if err == nil && rest != "" {
		err = fmt.Errorf("the type %q is none", word)
	}
	if err != nil {
		return parquetValue{}, err
	}
	if c.Field >= len(p.Keys) || c.Field < 0 || p.Fields != len(leaves) {
		return parquetValue{}, errors.New("it is not among the fields loaded")
	}
	if c.Field >= len(leaves) {
		return t.keyOf(p.Keys[c.Field], leaves)
	}
	if why := unreadable(t.word); why != "" {
		return parquetValue{}, errors.New(why)
	}
	path := leaves[c.Field]
	if t.depth() >= len(path) {
		return parquetValue{}, fmt.Errorf("it is a %s, which BigQuery made %s", t.word, shapeOf(path[len(path)-1]))
	}
	path = path[:len(path)-t.depth()]
	for _, f := range path[:len(path)-1] {
		if f.Repeated {
			return parquetValue{}, errors.New(unreadable("nested"))
		}
	}
	return t.valueOf(path, "r")
}

// keyOf is the value at a key of a map.
func (t parquetType) keyOf(key []string, leaves [][]*bq.FieldSchema) (v parquetValue, err error) {
	n := len(key) - 1
	at := slices.IndexFunc(leaves, func(l []*bq.FieldSchema) bool { return slices.Equal(namesOf(l), key[:n]) })
	if at < 0 || len(t.members) != 2 || t.word != "map" {
		return v, errors.New("it is no map")
	}
	pair := leaves[at][n-2]
	item, err := t.members[1].valueOf(pair.Schema[1:2], "kv")
	if err != nil {
		return v, err
	}
	return parquetValue{Kind: "map", From: "r", List: &parquetValue{From: "r", Path: key[:n-1]}, Item: &item, Key: key[n], KeyName: key[n-1]}, nil
}

func (w parquetPuller) sift(ctx context.Context, p *warehouse.Pulled) error {
	type field struct {
		Name  string
		Value parquetValue
	}
	schema, err := w.schemaOf(ctx, p.Places[placeAll])
	if err != nil {
		return err
	}
	leaves := leavesOf(schema, nil)
	var list []field
	var names []string
	for _, c := range p.Sieve.Columns {
		name := fieldName(c.Field)
		if c.Constant || slices.Contains(names, name) {
			continue
		}
		v, err := w.fieldOf(*p, leaves, c)
		if err != nil {
			return errUnpullable(p.Object, fmt.Errorf("column %q: %w", c.Source, err))
		}
		list, names = append(list, field{name, v}), append(names, name)
	}
	if len(names) > warehouse.MaxColumns-len(taplineColumns()) {
		return errUnpullable(p.Object, fmt.Errorf("it has %d columns, and a table of BigQuery %d at most", len(names), warehouse.MaxColumns))
	}
	functions, err := functionsOf(p.Object)
	if err != nil {
		return err
	}
	x := siftingOf(p.Sieve, names)
	x.functions = functions
	return w.fillSift(ctx, p, x, "pull_parquet_sift", map[string]any{"Stage": p.Places[placeAll], "Fields": list, "Some": names[:min(spread, len(names))]})
}

// told refuses an object some of whose cells BigQuery does not tell.
func told(p warehouse.Pulled) error {
	for i, k := range p.Kinds {
		if k&cellUntold != 0 {
			return errUnpullable(p.Object, fmt.Errorf("column %q has a cell that BigQuery does not give back as it was: text with U+FFFD, which it also makes of bytes that are no text; "+
				"a local time that clocks show twice or never; an unsigned number that became negative; a union of several members; "+
				"a list with characters that have to be escaped; a map with a key twice", p.Sieve.Columns[i].Source))
		}
	}
	return nil
}
