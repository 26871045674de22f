package xlsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
)

const (
	maxRows    = 1 << 20
	maxColumns = 1 << 14
)

// A reader makes batches of the rows of one sheet.
type reader struct {
	in   format.Input
	o    Options
	bt   format.Batching
	file *format.Spool
	book *book

	sheet  string
	part   *part
	closer io.Closer
	where  string // what is being read, for errors

	b       *format.Builder // nil before the header
	columns []*format.Column
	after   int // the last row of the batches before
	row     int // of the sheet, from 1
	reached int64
	done    bool

	// Of the row that is being read.
	header []string
	cells  int // not empty
	size   int // bytes of text
	value  []byte
}

// open gets ready to read the rows after the cursor, a row of the sheet.
func (r *reader) open(ctx context.Context, after exporter.Cursor) (err error) {
	defer r.guard(&err)
	if after != "" {
		r.after, err = strconv.Atoi(string(after))
		if err != nil || r.after < 1 || r.after > maxRows || r.after < r.o.HeaderRow {
			return fmt.Errorf("xlsx: %q is no place in %s: %w", after, r.in.Name, exporter.ErrCursorExpired)
		}
	}
	if r.file, err = format.NewSpool(ctx, r.in, r.o.TempDir, r.o.MaxBytes); err != nil {
		return err
	}
	if r.book, err = openBook(r.file, &r.o); err != nil {
		return r.content(err)
	}
	s, name, err := r.book.find(r.o.Sheet)
	if err != nil {
		return r.content(err)
	}
	r.sheet, r.where = s.name, fmt.Sprintf(", sheet %q", s.name)
	if r.part, r.closer, err = r.book.open(name); err != nil {
		return r.content(err)
	}
	if r.part == nil {
		return r.content(fmt.Errorf("its part %s is not there: the file is damaged", name))
	}
	return r.start()
}

// start goes to the first row.
func (r *reader) start() error {
	found := false
	err := r.part.each(func(t *token) (bool, error) {
		found = string(t.name) == "sheetData"
		return !found, nil
	})
	if err == nil && !found {
		err = errors.New("its part has no rows: the file is damaged")
	}
	if err != nil {
		return r.content(err)
	}
	return nil
}

func (r *reader) close() {
	if r.b != nil {
		r.b.Release()
	}
	if r.closer != nil {
		r.closer.Close()
	}
	if r.file != nil {
		r.file.Close() // only read from, and temporary: nothing can be lost
	}
}

// checkRows is how often the context and the size of the batch are looked at.
const checkRows = 64

// next makes a batch; one of no rows at the end of the sheet.
func (r *reader) next(ctx context.Context) (b exporter.Batch, err error) {
	defer r.guard(&err)
	for text, n := 0, 0; !r.done; n++ {
		if text > 1<<20 || n%checkRows == 0 {
			if err := ctx.Err(); err != nil {
				return b, err
			}
			if r.b != nil && r.b.Bytes() > r.bt.Bytes {
				break
			}
			text = 0
		}
		if err := r.nextRow(); err != nil {
			return b, r.content(err)
		}
		text += r.size
		if r.b != nil && r.b.Read() == r.bt.Rows {
			break
		}
	}
	if r.b == nil {
		return b, nil
	}
	if err := r.b.Err(); err != nil {
		return b, r.content(err)
	}
	b = r.b.Flush()
	b.Cursor = exporter.Cursor(strconv.Itoa(r.row))
	at := r.part.s.read
	b.Bytes, r.reached = at-r.reached, at
	return b, nil
}

// nextRow reads the next row of the sheet.
func (r *reader) nextRow() error {
	for {
		t, err := r.part.must()
		switch {
		case err != nil:
			return err
		case t.is(opening, "row"):
			return r.readRow(t)
		case t.is(closing, "sheetData"):
			r.done = true
			return nil
		}
	}
}

func (r *reader) readRow(t *token) error {
	row := r.row + 1
	if s := t.attr("r"); s != nil {
		n, err := strconv.Atoi(string(s))
		if err != nil || n < row {
			return fmt.Errorf("row %q follows row %d: the file is damaged", s, r.row)
		}
		row = n
	}
	if row > maxRows {
		return fmt.Errorf("it has more than %d rows: the file is damaged", maxRows)
	}
	r.row = row
	r.cells, r.size = 0, 0
	switch {
	case r.b == nil && (r.o.HeaderRow == 0 || row == r.o.HeaderRow):
		return r.readHeader()
	case r.b == nil && row > r.o.HeaderRow:
		return fmt.Errorf("its row %d, which is to name the columns, is empty: see Options.HeaderRow", r.o.HeaderRow)
	case r.b == nil || row <= r.after:
		return r.eachCell(nil)
	}
	r.b.BeginRow()
	err := r.eachCell(r.put)
	switch {
	case err != nil || r.cells == 0:
		r.b.AbortRow()
	case r.size > r.o.MaxRecord:
		r.b.RejectRow(exporter.Reject{Reason: ReasonTooLarge, Place: r.place(0), Raw: fmt.Sprintf("a row with %d bytes of text", r.size)})
	default:
		r.b.EndRow()
	}
	return err
}

// readHeader makes the columns out of the names in a row that is not empty.
func (r *reader) readHeader() error {
	r.header = r.header[:0]
	err := r.eachCell(func(col int, c *cell) error {
		if r.size > r.o.MaxRecord {
			return errors.New("its header is too large: name the row of the header")
		}
		for len(r.header) < col {
			r.header = append(r.header, "")
		}
		r.header = append(r.header, c.name())
		return nil
	})
	if err != nil || r.cells == 0 {
		return err
	}
	var declared []format.Declared
	first := map[string]int{}
	for i, name := range r.header {
		if strings.TrimSpace(name) == "" {
			name = columnName(i)
		}
		if other, met := first[name]; met {
			return fmt.Errorf("its header names two columns %q, in %s%d and %s%d: give one of them another name",
				name, letters(other), r.row, letters(i), r.row)
		}
		first[name] = i
		declared = append(declared, format.Declared{Name: name})
	}
	r.b = format.NewBuilder(r.bt.Mem, declared...)
	for _, d := range declared {
		r.columns = append(r.columns, r.b.Column(d.Name))
	}
	return nil
}

// columnName is what a column without a name is called.
func columnName(i int) string { return "column" + strconv.Itoa(i+1) }

// put sets a cell of the row begun, or rejects it.
func (r *reader) put(col int, c *cell) error {
	switch {
	case r.size > r.o.MaxRecord:
	case col >= len(r.columns):
		// Its column is in no record, so that it needs none of the Builder
		// but for its name.
		reason := ReasonNoHeader
		r.b.RejectCell(r.b.Column(columnName(col)), exporter.Reject{Reason: reason, Place: r.place(col), Raw: c.name()})
	case c.reason != "":
		r.b.RejectCell(r.columns[col], exporter.Reject{Reason: c.reason, Place: r.place(col), Raw: string(c.text)})
	default:
		c.put(r.columns[col])
	}
	return nil
}

// place says where a cell of the row is.
func (r *reader) place(col int) string {
	return fmt.Sprintf("%s, sheet %q, cell %s%d", r.in.Name, r.sheet, letters(col), r.row)
}

// eachCell reads the cells of a row and calls fn for those that are not empty.
func (r *reader) eachCell(fn func(col int, c *cell) error) error {
	for col := -1; ; {
		t, err := r.part.must()
		switch {
		case err != nil:
			return err
		case t.is(closing, "row"):
			return nil
		case !t.is(opening, "c"):
			continue
		}
		if col, err = r.column(t, col+1); err != nil {
			return err
		}
		if err := r.cell(t, col, fn); err != nil {
			return err
		}
	}
}

// column reads which column a cell is in; without a reference, the next.
func (r *reader) column(t *token, next int) (int, error) {
	ref := t.attr("r")
	col := next
	if ref != nil {
		col = -1
		for i := 0; i < len(ref) && i < 3 && ref[i]|0x20 >= 'a' && ref[i]|0x20 <= 'z'; i++ {
			col = (col+1)*26 + int(ref[i]|0x20-'a')
		}
	}
	if col < next || col >= maxColumns {
		return 0, fmt.Errorf("a cell of row %d is in an impossible place (%.10q): the file is damaged", r.row, ref)
	}
	return col, nil
}

// cell reads a cell to its end and calls fn if it is not empty.
func (r *reader) cell(t *token, col int, fn func(col int, c *cell) error) error {
	typ := cellType(t.attr("t"))
	style := 0 // a number
	if s := t.attr("s"); s != nil {
		style, _ = strconv.Atoi(string(s)) // what is none is 0
	}
	r.value = r.value[:0]
	for {
		t, err := r.part.must()
		switch {
		case err != nil:
			return err
		case t.is(closing, "c"):
			return r.finish(typ, style, col, fn)
		case t.is(opening, "v"):
			r.value, err = r.part.text(r.value, "v", true)
		case t.is(opening, "is"):
			r.value, err = r.part.text(r.value, "is", false)
		}
		if err != nil {
			return err
		}
	}
}

// cellType is the type of a cell as a constant: b goes with its tag.
func cellType(b []byte) string {
	switch string(b) {
	case "s":
		return "s"
	case "str", "inlineStr":
		return "str"
	case "b":
		return "b"
	case "e":
		return "e"
	case "d":
		return "d"
	}
	return "n"
}

func (r *reader) finish(typ string, style, col int, fn func(col int, c *cell) error) error {
	if fn == nil {
		return nil
	}
	c, err := r.convert(typ, style, r.value)
	if err != nil {
		return fmt.Errorf("cell %s%d: %w", letters(col), r.row, err)
	}
	if c.empty() {
		return nil
	}
	r.cells++
	r.size += len(c.text)
	return fn(col, &c)
}

// letters is the name of a column in Excel: A, B, ..., Z, AA.
func letters(col int) string {
	var b []byte
	for col++; col > 0; col = (col - 1) / 26 {
		b = append([]byte{byte('A' + (col-1)%26)}, b...)
	}
	return string(b)
}
