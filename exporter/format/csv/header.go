package csv

import (
	"bytes"
	"fmt"
	"strconv"

	"tapline/exporter"
)

// header finds out whether there is one, and the names of the columns.
func (s *sniffer) header(d *Dialect, pinned string) error {
	l := s.read(*d, looked)
	if len(l.rows) == 0 {
		if !s.complete {
			return fmt.Errorf("csv: the first record does not end in the first %d bytes; are delimiter and quote right (%v)? %w", SampleSize, d, exporter.ErrContent)
		}
		if l.bad > 0 {
			return fmt.Errorf("csv: no record can be read as %v; pin the dialect: %w", d, exporter.ErrContent)
		}
		d.Header, d.body = pinned != "no", len(s.text)
		return nil
	}
	first := l.rows[0]
	if len(first) > maxColumns {
		return fmt.Errorf("csv: the first record has more than %d fields; are delimiter and quote right (%v)? %w", maxColumns, d, exporter.ErrContent)
	}
	d.Header = pinned == "yes" || pinned != "no" && isHeader(l.rows)
	n := len(first)
	if d.Header {
		d.body, d.header = l.ends[0], bytes.Clone(l.texts[0])
		n = l.width()
	} else {
		first = nil
	}
	return d.name(first, n)
}

// width is the number of columns: the last one counts if it has a name, or if
// rows have it.
func (l *look) width() int {
	n := len(l.rows[0])
	if n < 2 || len(l.rows[0][n-1]) > 0 {
		return n
	}
	short := 0
	for _, r := range l.rows[1:] {
		switch len(r) {
		case n:
			short--
		case n - 1:
			short++
		}
	}
	if short > 0 {
		return n - 1
	}
	return n
}

// isHeader tells whether the first row has names. It has, unless a cell of it
// is a number, a date or the like, as the others of its column are.
func isHeader(rows [][][]byte) bool {
	if typed(rows) {
		return true
	}
	for c, name := range rows[0] {
		if len(name) == 0 {
			continue
		}
		k := kindOf(name)
		if k&exporter.Text != 0 {
			continue
		}
		same, other := 0, 0
		for _, r := range rows[1:] {
			switch {
			case c >= len(r) || len(r[c]) == 0:
			case kindOf(r[c])&exporter.Text == 0:
				same++
			default:
				other++
			}
		}
		if same >= other {
			return false
		}
	}
	return true
}

// name names n columns after the cells of the header, if there is one.
func (d *Dialect) name(header [][]byte, n int) error {
	at := make(map[string]int, n)
	for i := range n {
		name := "column" + strconv.Itoa(i+1)
		if i < len(header) && len(header[i]) > 0 {
			if !valid(header[i]) {
				return fmt.Errorf("csv: the name of column %d, %q, is not %s text; pin the encoding: %w", i+1, storable(header[i]), d.Encoding, exporter.ErrContent)
			}
			name = string(header[i])
		}
		if first, ok := at[name]; ok {
			return fmt.Errorf("csv: csv.duplicate_header: columns %d and %d are both called %q; name them apart where they come from, or set header: no: %w",
				first, i+1, name, exporter.ErrContent)
		}
		at[name] = i + 1
		d.Columns = append(d.Columns, name)
	}
	return nil
}
