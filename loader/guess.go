package loader

import (
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/exporter"
	"tapline/warehouse"
)

// A guess is what a table's columns will probably be: as the table is now, or
// as the slices read so far in this run would make them. Parts staged in the
// guessed shape need not be written again when the slice is complete. It never
// decides anything: a wrong guess costs a rewrite, not a different result.
type guess struct {
	t *task

	mu    sync.Mutex
	have  []warehouse.Column
	known map[string]arrow.DataType // column name -> type in the table
	seen  map[string]exporter.Kinds // vendor name -> kinds, in this run
}

func newGuess(t *task, have warehouse.Table) *guess {
	g := &guess{t: t, have: have.Columns, known: map[string]arrow.DataType{}, seen: map[string]exporter.Kinds{}}
	for _, c := range have.Columns {
		g.known[c.Name] = c.Type
	}
	return g
}

// settle tells the guess what the table has become.
func (g *guess) settle(have []warehouse.Column) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.have = have
	for _, c := range have {
		g.known[c.Name] = c.Type
	}
}

func textual(t arrow.DataType) bool { return t.ID() == arrow.STRING }

// A layout says how the columns of one batch are staged.
type layout struct {
	schema schema
	types  []arrow.DataType
	kinds  []exporter.Kinds // of the batch's columns
}

// columns guesses the layout for a batch and learns from it.
func (g *guess) columns(p piece) layout {
	if p.record == nil {
		return layout{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	fields := p.record.Schema().Fields()
	for i, f := range fields {
		g.seen[f.Name] |= p.kinds[i]
	}
	sources := make([]string, 0, len(g.seen))
	for source := range g.seen {
		sources = append(sources, source)
	}
	byName, err := names(g.have, sources, g.t.rules.renames, g.t.reserved()...)
	var out layout
	for i, f := range fields {
		name, typ := byName[f.Name], f.Type
		if err != nil { // two columns want one name; shape will say so
			name = f.Name
		}
		want := g.known[name]
		if pinned := g.t.rules.types[f.Name]; pinned != nil {
			want = pinned
		}
		settled := want != nil
		if !settled {
			want = g.seen[f.Name].Type()
		}
		// A number that travels as text is one once its column is settled.
		if want != nil && stageable(want) && keeps(p.kinds[i], want) && (settled || !textual(f.Type)) {
			typ = want
		}
		out.types, out.kinds = append(out.types, typ), append(out.kinds, p.kinds[i])
		out.schema = append(out.schema, stagedColumn{f.Name, name, warehouse.TypeName(typ)})
	}
	return out
}

// stageable reports whether a part may hold a column of the type: a table that
// tapline did not make may have others.
func stageable(t arrow.DataType) bool {
	return slices.ContainsFunc([]string{"bool", "int64", "float64", "string", "date", "timestamp"}, func(name string) bool {
		known, err := warehouse.ParseType(name)
		return err == nil && arrow.TypeEqual(known, t)
	})
}

// record casts a batch into the layout. The layout never loses a value.
func (out layout) record(l *Loader, rec arrow.Record) arrow.Record {
	fields := make([]arrow.Field, len(out.schema))
	cols := make([]arrow.Array, len(out.schema))
	for i, c := range out.schema {
		fields[i] = arrow.Field{Name: c.Name, Type: out.types[i], Nullable: true}
		cols[i], _ = cast(l.mem, rec.Column(i), out.kinds[i], out.types[i])
		defer cols[i].Release()
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows())
}

// column returns the guessed column name of a vendor name, or "".
func (out layout) column(source string) string {
	for _, c := range out.schema {
		if c.Source == source {
			return c.Name
		}
	}
	return ""
}
