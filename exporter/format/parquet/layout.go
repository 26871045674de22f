package parquet

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A layout is which fields go where.
type layout struct {
	columns []column // those that are always there, in the order of the file
	vectors []*vector
	slow    []field
	names   map[string]bool
	width   int64 // bytes of a row, text apart
	known   map[string]*format.Column
}

// A column is one that is always there: a vector, or else the next of the Builder's.
type column struct {
	name   string
	vector *vector
}

// A field is read row by row into the Builder: into one column, or a map into
// columns whose names begin with prefix.
type field struct {
	node   *node
	col    *format.Column
	prefix string
}

// plan lays the schema out.
func (r *reader) plan() error {
	l := &r.layout
	l.names = make(map[string]bool)
	l.known = make(map[string]*format.Column)
	var declared []format.Declared
	for _, n := range r.schema.root.children {
		if err := r.lay(n, n.name, &declared); err != nil {
			return err
		}
	}
	if len(l.slow) == 0 {
		return nil
	}
	r.b = format.NewBuilder(r.bt.Mem, declared...)
	for i := range l.slow {
		if f := &l.slow[i]; f.prefix == "" {
			f.col = r.b.Column(declared[0].Name)
			declared = declared[1:]
		}
	}
	return nil
}

// lay lays one field out.
func (r *reader) lay(n *node, name string, declared *[]format.Declared) error {
	l := &r.layout
	switch {
	case r.o.opens(n):
		for _, c := range n.children {
			if err := r.lay(c, name+"."+c.name, declared); err != nil {
				return err
			}
		}
		return nil
	case r.o.spreads(n):
		l.slow = append(l.slow, field{node: n, prefix: name + "."})
		return nil
	}
	if err := newName(l.names, name, r.o.MaxColumns); err != nil {
		return err
	}
	local := n.primitive() && n.leaf.local() && r.bt.Zone != time.UTC
	if w := vectorWidth(n.sort, local); n.primitive() && n.rep == 0 && w > 0 {
		v := newVector(n, r.bt.Mem)
		l.vectors = append(l.vectors, v)
		l.columns = append(l.columns, column{name, v})
		l.width += int64(w)
		return nil
	}
	l.columns = append(l.columns, column{name: name})
	l.slow = append(l.slow, field{node: n})
	l.width += 8
	*declared = append(*declared, format.Declared{Name: name, Kind: kindsOf(n)})
	return nil
}

func (n *node) textKeys() bool {
	s := n.children[0].children[0].sort
	return s == sortText || s == sortBytes
}

// start begins a batch of at most n rows.
func (l *layout) start(n int) {
	for _, v := range l.vectors {
		v.drop()
		v.start(n)
	}
}

const (
	checkRows = 256
	checkText = 1 << 20
)

// slow reads the next m rows of the fields that are read row by row. It stops
// early when the batch is large enough, and returns how many it read.
func (r *reader) slow(m int) (int, error) {
	text := 0
	for i := range m {
		r.b.BeginRow()
		for k := range r.layout.slow {
			f := &r.layout.slow[k]
			if f.prefix != "" {
				if err := r.keys(f, &text); err != nil {
					return 0, r.at(f.node.leaf, err)
				}
				continue
			}
			c := r.asm.cell(f.node)
			if r.asm.err != nil {
				return 0, r.at(f.node.leaf, r.asm.err)
			}
			text += len(c.text)
			r.put(f.col, &c)
		}
		r.b.EndRow()
		if text > checkText || i%checkRows == checkRows-1 {
			if text = 0; r.b.Bytes() > r.bt.Bytes {
				return i + 1, r.b.Err()
			}
		}
	}
	return m, r.b.Err()
}

// put sets a cell of the row begun, or rejects it.
func (r *reader) put(col *format.Column, c *cell) {
	switch {
	case c.reason != "":
		r.b.RejectCell(col, exporter.Reject{Reason: c.reason, Raw: storable(c.text)})
	case c.kind != 0 && !c.put(col):
		r.b.RejectCell(col, exporter.Reject{Reason: ReasonDuplicateColumn, Raw: storable([]byte(firstText(*c)))})
	}
}

// keys puts the values of a map into the columns of its keys.
func (r *reader) keys(f *field, text *int) error {
	a := &r.asm
	a.entries(f.node, func(key cell, v cell) {
		name := f.prefix + storable(key.text)
		col := r.layout.known[name]
		if col == nil {
			if len(r.layout.known)+len(r.layout.names) >= r.o.MaxColumns {
				a.fail(fmt.Errorf("its maps have keys for more than %d columns: raise Options.MaxColumns, or do not set Options.Flatten", r.o.MaxColumns))
				return
			}
			col = r.b.Column(name)
			r.layout.known[name] = col
		}
		*text += len(v.text)
		switch {
		case key.reason != "":
			r.put(col, &cell{reason: key.reason, text: v.text})
		case r.layout.names[name] && v.kind != 0:
			r.put(col, &cell{reason: ReasonDuplicateColumn, text: []byte(firstText(v))})
		default:
			r.put(col, &v)
		}
	})
	return a.err
}

// storable returns b as valid UTF-8 without U+0000, for a reject: bytes that
// have no place in it as \x and two hexadecimal digits.
func storable(b []byte) string {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || r == 0 {
			out = append(out, '\\', 'x')
			if b[0] < 16 {
				out = append(out, '0')
			}
			out = strconv.AppendUint(out, uint64(b[0]), 16)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return string(out)
}

func appendDay(b []byte, days int64) []byte {
	return time.Unix(days*86400, 0).UTC().AppendFormat(b, time.DateOnly)
}

// cutText returns at most n bytes of valid UTF-8, no character cut in two.
func cutText(b []byte, n int) string {
	if len(b) > n {
		for n > 0 && !utf8.RuneStart(b[n]) {
			n--
		}
		b = b[:n]
	}
	return string(b)
}
