package format

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
)

// A cell is a value as the model and the tests see it.
type cell struct {
	kind exporter.Kinds // 0 = NULL that was set
	text string         // canonical, or as written
}

// written is how a cell of kind Float is noted, and 0 for one that is not.
func (c cell) written() exporter.Kinds {
	whole, frac, dot := strings.Cut(c.text, ".")
	switch {
	case c.kind != exporter.Float || !dot:
		return 0
	case strings.Contains(frac, "E"):
		return exporter.Odd | exporter.Frac(strings.Index(frac, "E"))
	case frac == "0":
		return exporter.Dotted | exporter.Frac1
	case strings.HasSuffix(frac, "0"):
		return exporter.Padded | exporter.Frac(len(frac))
	case len(whole) > 0:
		return exporter.Frac(len(frac))
	}
	return 0
}

func (c cell) put(t testing.TB, col *Column) bool {
	switch c.kind {
	case 0:
		return col.Null()
	case exporter.Bool:
		return col.Bool(c.text == "true")
	case exporter.Int, exporter.Long:
		v, err := strconv.ParseInt(c.text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return col.Int(v)
	case exporter.Float:
		v, err := strconv.ParseFloat(c.text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if how := c.written(); how != 0 {
			return col.Number(v, []byte(c.text), how)
		}
		return col.Float(v)
	case exporter.Date:
		return col.Date(int32(number(c.text)))
	case exporter.Time:
		return col.Time(number(c.text))
	}
	return col.Text([]byte(c.text))
}

// canonical is the text by which cells are compared; dates and times are given
// to the model as numbers. In a column of text a number is as it was written.
func (c cell) canonical(column exporter.Kinds) string {
	switch c.kind {
	case exporter.Float:
		if typ := column.Staged(); typ.ID() == arrow.STRING && c.written() != 0 {
			return c.text
		}
		v, _ := strconv.ParseFloat(c.text, 64)
		return string(exporter.AppendFloat(nil, v))
	case exporter.Date:
		return string(appendDate(nil, int32(number(c.text))))
	case exporter.Time:
		return string(exporter.AppendTime(nil, number(c.text)))
	}
	return c.text
}

func number(s string) int64 {
	v, _ := strconv.ParseInt(s, 10, 64)
	return v
}

// A seen column is what a batch shows of it: NULL is "<null>".
type seen struct {
	Name, Type, Kinds string
	Cells             []string
}

// look reads a batch back.
func look(t testing.TB, b exporter.Batch) []seen {
	if b.Record == nil {
		return nil
	}
	out := []seen{}
	for i, col := range b.Record.Columns() {
		f := b.Record.Schema().Field(i)
		if !f.Nullable || f.Type != col.DataType() && !arrow.TypeEqual(f.Type, col.DataType()) {
			t.Errorf("field %v, array %v", f, col.DataType())
		}
		if col.Len() != int(b.Record.NumRows()) {
			t.Fatalf("column %q has %d rows of %d", f.Name, col.Len(), b.Record.NumRows())
		}
		s := seen{Name: f.Name, Type: f.Type.String(), Kinds: kindsText(b.Kinds[i])}
		nulls := 0
		for r := range col.Len() {
			if col.IsNull(r) {
				nulls++
				s.Cells = append(s.Cells, "<null>")
				continue
			}
			s.Cells = append(s.Cells, show(t, col, r))
		}
		if nulls != col.NullN() {
			t.Errorf("column %q counts %d NULLs and has %d", f.Name, col.NullN(), nulls)
		}
		out = append(out, s)
	}
	return out
}

// kindsText is the kinds of value, then how numbers were written: "float padded 2".
func kindsText(k exporter.Kinds) string {
	out := k.String()
	for i, name := range []string{"dotted", "padded", "odd", "1", "2", "3", "4", "5", "6", "many"} {
		if k&(exporter.Dotted<<i) != 0 {
			out += " " + name
		}
	}
	return out
}

func show(t testing.TB, col arrow.Array, r int) string {
	switch a := col.(type) {
	case *array.Boolean:
		return strconv.FormatBool(a.Value(r))
	case *array.Int64:
		return strconv.FormatInt(a.Value(r), 10)
	case *array.Float64:
		return string(exporter.AppendFloat(nil, a.Value(r)))
	case *array.Date32:
		return string(appendDate(nil, int32(a.Value(r))))
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(a.Value(r))))
	case *array.String:
		return a.Value(r)
	}
	t.Fatalf("column of type %v", col.DataType())
	return ""
}

// A model is a Builder that is plainly right: rows of cells, by name.
type model struct {
	declared []Declared
	rows     []map[string]cell
	reads    []int // of rows: the index among all rows read
	open     map[string]cell
	read     int
	rejects  []exporter.Reject
	begun    int // rejects at BeginRow
}

func (m *model) columns() []seen {
	if len(m.rows) == 0 {
		return nil
	}
	kinds := map[string]exporter.Kinds{}
	var names []string
	for _, d := range m.declared {
		names = append(names, d.Name)
		kinds[d.Name] = d.Kind
	}
	var others []string
	for _, r := range m.rows {
		for name, c := range r {
			kinds[name] |= c.kind | c.written()
			if !slices.Contains(names, name) && !slices.Contains(others, name) {
				others = append(others, name)
			}
		}
	}
	slices.Sort(others)
	for _, name := range others {
		if kinds[name] != 0 {
			names = append(names, name)
		}
	}
	out := []seen{}
	for _, name := range names {
		typ := "utf8"
		if s := kinds[name].Staged(); s != nil {
			typ = s.String()
		}
		s := seen{Name: name, Type: typ, Kinds: kindsText(kinds[name])}
		for _, r := range m.rows {
			if c, ok := r[name]; ok && c.kind != 0 {
				s.Cells = append(s.Cells, c.canonical(kinds[name]))
			} else {
				s.Cells = append(s.Cells, "<null>")
			}
		}
		out = append(out, s)
	}
	return out
}

// firsts lists the first cell of each kind of the columns.
func (m *model) firsts(columns []seen) []exporter.First {
	var out []exporter.First
	for i, col := range columns {
		var met exporter.Kinds
		for r, row := range m.rows {
			if c := row[col.Name]; c.kind != 0 && met&c.kind == 0 {
				met |= c.kind
				text := col.Cells[r]
				if c.written() != 0 {
					text = c.text
				}
				out = append(out, exporter.First{Column: i, Kind: c.kind, Row: int64(m.reads[r]), Text: text})
			}
		}
	}
	return out
}

// compare flushes the Builder and checks it against the model, which starts anew.
func (m *model) compare(t testing.TB, b *Builder) {
	t.Helper()
	if b.Rows() != len(m.rows) || b.Read() != m.read {
		t.Fatalf("Rows, Read = %d, %d; want %d, %d", b.Rows(), b.Read(), len(m.rows), m.read)
	}
	got := b.Flush()
	want := m.columns()
	if diff := cmp.Diff(want, look(t, got)); diff != "" {
		t.Fatalf("record (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.firsts(want), got.First); diff != "" {
		t.Fatalf("first cells (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.rejects, got.Rejects); diff != "" && len(m.rejects)+len(got.Rejects) > 0 {
		t.Fatalf("rejects (-want +got):\n%s", diff)
	}
	if got.Rows != int64(m.read) {
		t.Fatalf("batch counts %d rows; want %d", got.Rows, m.read)
	}
	if got.Record != nil {
		got.Record.Release()
	}
	m.rows, m.reads, m.read, m.rejects = nil, nil, 0, nil
}

var cells = []cell{
	{}, {exporter.Bool, "true"}, {exporter.Bool, "false"},
	{exporter.Int, "0"}, {exporter.Int, "1"}, {exporter.Int, "-9007199254740992"}, {exporter.Int, "9007199254740992"},
	{exporter.Long, "9007199254740993"}, {exporter.Long, "-9223372036854775808"},
	{exporter.Float, "1"}, {exporter.Float, "-0"}, {exporter.Float, "0.1"}, {exporter.Float, "1e300"}, {exporter.Float, "5e-324"},
	{exporter.Date, "0"}, {exporter.Date, "20000"}, {exporter.Date, "-719529"}, {exporter.Date, "2147483647"}, {exporter.Date, "-2147483648"},
	{exporter.Time, "0"}, {exporter.Time, "1790670621000001"}, {exporter.Time, "-1"}, {exporter.Time, "-9223372036854775808"}, {exporter.Time, "9223372036854775807"},
	{exporter.Text, ""}, {exporter.Text, "a"}, {exporter.Text, "true"}, {exporter.Text, "1"}, {exporter.Text, "longer than sixteen bytes, surely"},
}

// written are cells of a format whose numbers are text: it has none that are
// not noted.
var written = append(slices.DeleteFunc(slices.Clone(cells), func(c cell) bool { return c.kind == exporter.Float }),
	cell{exporter.Float, "0.5"}, cell{exporter.Float, "1.5"}, cell{exporter.Float, "1.50"}, cell{exporter.Float, "2.00"},
	cell{exporter.Float, "1.0"}, cell{exporter.Float, "-0.0"}, cell{exporter.Float, "1.0E7"}, cell{exporter.Float, "1234567.5"},
	cell{exporter.Float, "0.000001"}, cell{exporter.Float, "1.123456789"}, cell{exporter.Float, "0.10"})

// FuzzBuilder runs arbitrary operations on a Builder and on the model.
func FuzzBuilder(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"))
	f.Add([]byte{1, 10, 4, 11, 24, 2, 1, 10, 9, 2, 1, 10, 7, 3, 6, 1, 12, 3, 12, 1, 2, 6})
	f.Fuzz(func(t *testing.T, ops []byte) { runOps(t, ops) })
}

// TestBuilder does the same with operations whose columns have few kinds of cell.
func TestBuilder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		few := []byte{byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))}[:1+r.IntN(3)]
		var ops []byte
		for range r.IntN(300) {
			ops = append(ops, byte(r.IntN(256)), few[r.IntN(len(few))])
			if r.IntN(2) == 0 {
				ops = append(ops, 0, 3) // end this row, begin one
			}
		}
		runOps(t, ops)
		if t.Failed() {
			t.Fatalf("operations %v", ops)
		}
	}
}

// A run is a Builder, the model of it, and the operations still to do.
type run struct {
	t     testing.TB
	b     *Builder
	m     *model
	ops   []byte
	cells []cell
	mark  Mark
	saved model
}

func runOps(t testing.TB, ops []byte) {
	mem := newLeakCheck(t)
	declared := []Declared{{"z", exporter.Time}, {"a", 0}, {"m", exporter.Float}}
	r := &run{t: t, b: NewBuilder(mem, declared...), m: &model{declared: declared}, ops: ops, cells: cells}
	if r.next()%2 == 1 {
		r.cells = written
	}
	r.saved = *r.m
	for len(r.ops) > 0 {
		if r.m.open == nil {
			r.between()
		} else {
			r.within()
		}
	}
	if r.m.open != nil {
		r.b.AbortRow()
		r.m.open, r.m.rejects = nil, r.m.rejects[:r.m.begun]
	}
	r.m.compare(t, r.b)
	r.b.Release()
	mem.check()
}

func (r *run) next() byte {
	if len(r.ops) == 0 {
		return 0
	}
	op := r.ops[0]
	r.ops = r.ops[1:]
	return op
}

// between does an operation while no row is open.
func (r *run) between() {
	switch r.next() % 8 {
	case 0:
		r.mark, r.saved = r.b.Mark(), *r.m
	case 1:
		r.b.Rollback(r.mark)
		*r.m = r.saved
	case 2:
		r.m.compare(r.t, r.b)
		r.mark, r.saved = r.b.Mark(), *r.m
	default:
		r.b.BeginRow()
		r.m.open, r.m.begun = map[string]cell{}, len(r.m.rejects)
	}
}

// within does an operation while a row is open.
func (r *run) within() {
	names := []string{"z", "a", "m", "x", "b", "y"}
	b, m, op := r.b, r.m, r.next()
	switch op % 16 {
	case 0, 1, 2, 3:
		b.EndRow()
		m.rows = append(slices.Clip(m.rows), m.open)
		m.reads = append(slices.Clip(m.reads), m.read)
		m.open = nil
		m.read++
	case 4:
		b.AbortRow()
		m.open, m.rejects = nil, m.rejects[:m.begun]
	case 5:
		b.RejectRow(exporter.Reject{Reason: "row", Column: "nonsense"})
		m.open = nil
		m.rejects = append(slices.Clip(m.rejects[:m.begun]), exporter.Reject{Row: int64(m.read), Reason: "row"})
		m.read++
	case 6:
		name := names[int(r.next())%len(names)]
		b.RejectCell(b.Column(name), exporter.Reject{Reason: "cell"})
		if _, ok := m.open[name]; !ok {
			m.open[name] = cell{}
		}
		m.rejects = append(slices.Clip(m.rejects), exporter.Reject{Row: int64(m.read), Column: name, Reason: "cell"})
	default:
		name, c := names[int(op)%len(names)], r.cells[int(r.next())%len(r.cells)]
		_, had := m.open[name]
		col := b.Column(name)
		if col.Filled() != had {
			r.t.Fatalf("Filled = %v", !had)
		}
		if took := c.put(r.t, col); took == had {
			r.t.Fatalf("setting %q twice: %v", name, took)
		}
		if !had {
			m.open[name] = c
		}
	}
}

// A leakCheck is an allocator that fills memory with rubbish and wants it back.
type leakCheck struct {
	t    testing.TB
	live map[*byte]int
}

func newLeakCheck(t testing.TB) *leakCheck { return &leakCheck{t, map[*byte]int{}} }

func (l *leakCheck) Allocate(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xa5
	}
	l.live[&b[0]] = n
	return b
}

func (l *leakCheck) Reallocate(n int, b []byte) []byte {
	out := l.Allocate(n)
	copy(out, b)
	l.Free(b)
	return out
}

func (l *leakCheck) Free(b []byte) {
	if l.live[&b[0]] != len(b) {
		l.t.Errorf("freed %d bytes where %d were allocated", len(b), l.live[&b[0]])
	}
	delete(l.live, &b[0])
	for i := range b {
		b[i] = 0x5a
	}
}

func (l *leakCheck) check() {
	if len(l.live) > 0 {
		l.t.Errorf("%d buffers were not freed: %v", len(l.live), fmt.Sprint(l.live))
	}
}
