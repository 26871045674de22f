package format_test

import (
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/exporter/format"
)

// Room gives no place where the cell is not one to be written so, and what was
// written there and not taken leaves no trace.
func TestRoom(t *testing.T) {
	b := format.NewBuilder(format.NewPool(0))
	defer b.Release()
	c, n := b.Column("c"), b.Column("n")
	row := func(fill func()) {
		b.BeginRow()
		fill()
		b.EndRow()
	}
	write := func(text string) bool {
		to := c.Room()
		if len(to) < len(text)+16 {
			return false
		}
		copy(to, text+"and more than that")
		c.Took(len(text))
		return true
	}
	row(func() {
		if c.Room() != nil {
			t.Error("a column that has no text yet has room for it")
		}
		c.Text([]byte("first"))
		if c.Room() != nil {
			t.Error("a row that has a cell has room for another")
		}
		n.Int(1)
		if n.Room() != nil {
			t.Error("a column of numbers has room for text")
		}
	})
	row(func() {})
	row(func() { copy(c.Room(), "not taken") })
	row(func() {
		if !write("second") {
			t.Error("no room")
		}
	})
	row(func() { write("") })
	batch := b.Flush()
	defer batch.Record.Release()
	got := batch.Record.Column(0).(*array.String).String()
	if want := `["first" (null) (null) "second" ""]`; got != want {
		t.Errorf("column %s, want %s", got, want)
	}
}
