package csv

import (
	"fmt"
	"unicode/utf8"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A filler puts rows into the columns, a column at a time.
type filler struct {
	r       *reader
	t       typer
	classes [256]byte // of the first byte of a cell; 0 for the end of an empty one
	null    map[string]bool
	lengths uint64 // of the texts that are NULL; bit 63 = longer
	room    []byte

	// The column being filled: its cells in the buffer without quotes, which
	// of them have a value, and the classes of those.
	spans  []format.Span
	valid  format.Bits
	met    byte
	total  int // bytes of them
	ints   []int64
	floats []float64
	day    uint64 // the last day of a Compact time, as it is written
	days   int64  // the same, from 1970
}

func (f *filler) init(r *reader) {
	f.r, f.t.clock = r, format.NewClock(r.bt.Zone)
	f.classes, f.room = classes, make([]byte, 0, 4<<10)
	f.classes['\n'], f.classes['\r'] = 0, 0
	if r.d.Delimiter != 0 {
		f.classes[r.d.Delimiter] = 0
	}
	if r.d.Quote != 0 {
		f.classes[r.d.Quote] = maybeQuoted
	}
	if len(r.o.Null) > 0 {
		f.null = make(map[string]bool)
		for _, s := range r.o.Null {
			f.null[s] = true
			f.lengths |= 1 << min(len(s), 63)
		}
	}
}

// rows adds records, which have as many fields as there are columns.
func (f *filler) rows(records []record) error {
	b := f.r.b
	if !b.BeginBlock(len(records)) {
		return fmt.Errorf("csv: %s: %w", f.r.in.Name, b.Err())
	}
	f.size(len(records))
	for j := range f.r.cols {
		if c := &f.r.cols[j]; f.r.x.clean && f.r.x.regular {
			f.gather(records, j)
			f.column(c, records)
		} else {
			f.exact(c, records, j)
		}
	}
	b.EndBlock()
	return nil
}

// size makes room for n rows.
func (f *filler) size(n int) {
	if n > cap(f.spans) {
		f.spans, f.valid = make([]format.Span, n), make(format.Bits, (n+63)/64)
		f.ints, f.floats = make([]int64, n), make([]float64, n)
	}
	f.spans, f.valid = f.spans[:n], f.valid[:(n+63)/64]
	f.ints, f.floats = f.ints[:n], f.floats[:n]
}

// gather finds the cells of column j.
func (f *filler) gather(records []record, j int) {
	starts, buf, spans := f.r.x.starts[j:], f.r.buf, f.spans[:len(records)]
	last := j == len(f.r.cols)-1
	classes := &f.classes
	var met byte
	var word uint64
	total := uint32(0)
	for i := range records {
		rec := &records[i]
		from, to := starts[rec.first], starts[rec.first+1]-1
		if last {
			to = rec.end
		}
		spans[i] = format.Span{From: from, To: to}
		total += to - from
		met |= classes[buf[from]]
		word |= (uint64(from) - uint64(to)) >> 63 << (i & 63)
		if i&63 == 63 {
			f.valid[i>>6] = word
			word = 0
		}
	}
	if len(records)&63 != 0 {
		f.valid[len(records)>>6] = word
	}
	f.met, f.total = met, int(total)
	if met&maybeQuoted != 0 {
		f.unquote()
	}
	if f.null != nil {
		f.nulls()
	}
}

// unquote takes the quotes off the cells, in the buffer itself.
func (f *filler) unquote() {
	buf, quote := f.r.buf, f.r.d.Quote
	for i := range f.spans {
		s := &f.spans[i]
		if s.From == s.To || buf[s.From] != quote {
			continue
		}
		s.From++
		s.To--
		for k := s.From; k < s.To; k++ {
			if buf[k] == quote {
				s.To = s.From + uint32(undouble(buf[s.From:s.To], quote))
				break
			}
		}
		if s.From == s.To {
			f.clear(i)
		} else {
			f.met |= f.classes[buf[s.From]]
		}
	}
	f.met = f.met&^maybeQuoted | plainText
}

// undouble makes one quote of two in v and returns how long that is. The bytes
// that are left over become quotes, so that lines still count right.
func undouble(v []byte, quote byte) int {
	n := 0
	for i := 0; i < len(v); i++ {
		if v[n] = v[i]; v[i] == quote {
			i++
		}
		n++
	}
	for i := n; i < len(v); i++ {
		v[i] = quote
	}
	return n
}

// nulls clears the cells whose text is NULL.
func (f *filler) nulls() {
	for i, s := range f.spans {
		if n := s.To - s.From; f.lengths>>min(n, 63)&1 != 0 && n > 0 && f.null[string(f.r.buf[s.From:s.To])] {
			f.clear(i)
		}
	}
}

func (f *filler) clear(i int) {
	f.spans[i].To = f.spans[i].From
	f.valid[i>>6] &^= 1 << (i & 63)
}

// column puts the cells gathered into c.
func (f *filler) column(c *column, records []record) {
	for i := 0; i < len(records); {
		i = f.bulk(c, i)
		for i < len(records) {
			if f.valid.Has(i) {
				s := f.spans[i]
				f.r.b.Seek(i)
				f.put(c, records[i], f.r.buf[s.From:s.To], f.r.buf[s.From:s.To])
			}
			if i++; f.inBulk(c) {
				break
			}
		}
	}
}

// inBulk reports whether cells of c may be put in bulk.
func (f *filler) inBulk(c *column) bool {
	switch c.Kept() {
	case exporter.Int, exporter.Float, exporter.Text:
		return true
	case exporter.Time:
		return c.rule == compact
	}
	return false
}

// exact puts the cells of column j into c, one by one.
func (f *filler) exact(c *column, records []record, j int) {
	for i, rec := range records {
		s := f.r.x.span(rec, j)
		raw := f.r.buf[s.From:s.To]
		v := f.r.x.plain(raw, f.room)
		if len(v) == 0 || f.null[string(v)] {
			continue
		}
		f.r.b.Seek(i)
		switch {
		case !utf8.Valid(v):
			f.reject(c, rec, ReasonInvalidUTF8, raw)
		case !valid(v):
			f.reject(c, rec, ReasonNUL, raw)
		default:
			f.put(c, rec, v, raw)
		}
	}
}

// put sets the cell of the row sought to v, which is not empty and valid.
func (f *filler) put(c *column, rec record, v, raw []byte) {
	switch c.rule {
	case asText:
		c.Text(v)
	case compact:
		if micros, ok := f.t.compact(v); ok {
			c.Time(micros)
		} else {
			f.reject(c, rec, ReasonTime, v)
		}
	default:
		f.t.put(c.Column, v)
	}
}

func (f *filler) reject(c *column, rec record, why string, raw []byte) {
	f.r.b.RejectCell(c.Column, exporter.Reject{Reason: why, Place: f.r.place(f.r.x.start(rec)), Raw: storable(raw)})
	f.r.raw += int64(len(raw)) + 128
}
