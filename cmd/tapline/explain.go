package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/mattn/go-runewidth"

	"tapline/exporter"
	"tapline/exporter/format/csv"
	"tapline/warehouse"
)

// An explanation is the result of preview --explain: the type of each column by
// everything that one slice holds, and the cells that decided it.
type explanation struct {
	Stream   string      `json:"stream"`
	Slice    string      `json:"slice,omitempty"`
	Format   string      `json:"format,omitempty"` // how the object is read, for people
	Via      string      `json:"via,omitempty"`    // how a run has it read, if not so, for people
	Rows     int64       `json:"rows"`
	Rejected int64       `json:"rejected"`
	Columns  []explained `json:"columns"`

	wholeRows int64 // of Rejected
}

// explained is one column. Type is "" when every cell is NULL.
type explained struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Held string `json:"held"` // the kinds of value among the cells
	// Was lists the narrower types that the column had until a cell came that
	// they cannot hold.
	Was []formerType `json:"was"`

	kinds  exporter.Kinds
	firsts []exporter.First // Row counted in the slice
}

type formerType struct {
	Type  string `json:"type"`
	Until int64  `json:"until"` // the row, counted from 1, that ended it
	Text  string `json:"text"`  // what its cell said
}

// explain reads a whole slice.
func explain(ctx context.Context, s exporter.Source, slice exporter.Slice) (*explanation, error) {
	e := &explanation{Stream: slice.Stream.Name, Slice: slice.Name, Columns: []explained{}}
	e.Format = howRead(ctx, s, slice)
	columns := map[string]*explained{}
	var order []string
	for b, err := range s.Read(ctx, slice, "") {
		if err != nil {
			return nil, err
		}
		if b.Record != nil {
			for i, f := range b.Record.Schema().Fields() {
				c := columns[f.Name]
				if c == nil {
					c = &explained{Name: f.Name, Was: []formerType{}}
					columns[f.Name] = c
					order = append(order, f.Name)
				}
				c.kinds |= b.Kinds[i]
			}
			for _, f := range b.First {
				c := columns[b.Record.ColumnName(f.Column)]
				f.Row += e.Rows
				c.firsts = append(c.firsts, f)
			}
		}
		e.Rows += b.Rows
		e.Rejected += int64(len(b.Rejects))
		e.wholeRows += wholeRows(b.Rejects)
	}
	for _, name := range order {
		columns[name].settle()
		e.Columns = append(e.Columns, *columns[name])
	}
	return e, nil
}

// settle goes through the column's first cells as they came and notes each that
// made its type another.
func (c *explained) settle() {
	c.Held = c.kinds.String()
	if t := c.kinds.Type(); t != nil {
		c.Type = warehouse.TypeName(t)
	}
	slices.SortStableFunc(c.firsts, func(a, b exporter.First) int { return cmp.Compare(a.Row, b.Row) })
	var seen exporter.Kinds
	for _, f := range c.firsts {
		before, after := seen.Type(), (seen | f.Kind).Type()
		seen |= f.Kind
		if before != nil && after != nil && before.ID() != after.ID() {
			c.Was = append(c.Was, formerType{warehouse.TypeName(before), f.Row + 1, f.Text})
		}
	}
}

// why is the column's history in words: int64 until row 48,213: "n/a".
func (c explained) why() string {
	text := ""
	for _, w := range c.Was {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s until row %s: %s", w.Type, count(w.Until), strconv.Quote(runewidth.Truncate(w.Text, widestDown, "…")))
	}
	if c.Type == "" {
		return "no cell has a value; such columns are not made"
	}
	return text
}

// Text implements view.
func (e *explanation) Text(p *printer) {
	if e.Slice == "" {
		p.line("%s has no rows in the window", e.Stream)
		return
	}
	p.line("%s  %s  %s", e.Stream, e.Slice, plural(e.Rows, "row"))
	if e.Format != "" {
		p.line("%s", e.Format)
	}
	if e.Via != "" {
		p.line("! %s", e.Via)
	}
	t := &table{heads: []string{"column", "type", "why"}}
	for _, c := range e.Columns {
		t.add(c.Name, c.Type, c.why())
	}
	p.table(t)
	if e.Rejected > 0 {
		p.line("a run would put %s", held(e.wholeRows, e.Rejected-e.wholeRows))
	}
}

// howRead says how an object is read, where the source can tell.
func howRead(ctx context.Context, s exporter.Source, slice exporter.Slice) string {
	d, ok := s.(interface {
		Describe(context.Context, exporter.Slice) (string, error)
	})
	if !ok {
		return ""
	}
	text, err := d.Describe(ctx, slice)
	if err != nil {
		return "" // reading it says what is wrong
	}
	return text
}

// readBy says how a run has the slice's object read by a warehouse, which is not
// as tapline reads it here: nobody looks into the object first.
func readBy(ctx context.Context, s exporter.Source, slice exporter.Slice, via string) string {
	where, ok := s.(exporter.Locator)
	if via == "" || !ok {
		return ""
	}
	at, err := where.Locate(ctx, slice)
	if err != nil {
		return fmt.Sprintf("this is tapline's reading; in a run %s is to read it itself, which fails: %v", via, err)
	}
	how := at.Format
	if how == "csv" {
		c := at.CSV
		d := csv.Dialect{Delimiter: c.Delimiter, Quote: c.Quote, Escape: c.Escape, Comment: c.Comment, Header: c.Header, Encoding: c.Encoding}
		how = "CSV: " + d.String()
	}
	return fmt.Sprintf("this is tapline's reading; in a run %s reads it itself, as %s", via, how)
}

// newestFirst are the slices that could be read, the newest first, or the one
// of that name.
func newestFirst(all []exporter.Slice, name string) ([]exporter.Slice, error) {
	var out []exporter.Slice
	names := map[string]bool{}
	for _, s := range slices.Backward(all) {
		names[s.Name] = true
		if name == s.Name || name == "" && (s.Object == nil || s.Object.Ignored == "") {
			out = append(out, s)
		}
	}
	if name != "" && len(out) == 0 {
		return nil, unknownName("slice of the stream", name, slices.Collect(maps.Keys(names)))
	}
	return out, nil
}
