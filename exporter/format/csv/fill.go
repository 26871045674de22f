package csv

import (
	"fmt"
	"unicode/utf8"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A filler puts rows into the columns, a column at a time.
type filler struct {
	r    *reader
	t    typer
	null map[string]bool
	room []byte
}

func (f *filler) init(r *reader) {
	f.r, f.t.clock = r, format.NewClock(r.bt.Zone)
	if len(r.o.Null) > 0 {
		f.null = make(map[string]bool)
		for _, s := range r.o.Null {
			f.null[s] = true
		}
	}
}

// rows adds records, which have as many fields as there are columns.
func (f *filler) rows(records []record) error {
	b := f.r.b
	if !b.BeginBlock(len(records)) {
		return fmt.Errorf("csv: %s: %w", f.r.in.Name, b.Err())
	}
	for j := range f.r.cols {
		for i, rec := range records {
			b.Seek(i)
			f.cell(&f.r.cols[j], rec, f.r.x.span(rec, j))
		}
	}
	b.EndBlock()
	return nil
}

// cell sets the cell of the row sought.
func (f *filler) cell(c *column, rec record, s format.Span) {
	raw := f.r.buf[s.From:s.To]
	v := f.r.x.plain(raw, f.room)
	if len(v) == 0 || f.null[string(v)] {
		return
	}
	why := ""
	switch {
	case !valid(v):
		why = ReasonInvalidUTF8
		if utf8.Valid(v) {
			why = ReasonNUL
		}
	case c.rule == asText:
		c.Text(v)
	case c.rule == compact:
		if micros, ok := f.t.compact(v); ok {
			c.Time(micros)
		} else {
			why = ReasonTime
		}
	default:
		f.t.put(c.Column, v)
	}
	if why != "" {
		f.reject(c, rec, why, raw)
	}
}

func (f *filler) reject(c *column, rec record, why string, raw []byte) {
	f.r.b.RejectCell(c.Column, exporter.Reject{Reason: why, Place: f.r.place(f.r.x.start(rec)), Raw: storable(raw)})
	f.r.raw += int64(len(raw)) + 128
}
