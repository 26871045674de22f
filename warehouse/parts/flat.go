package parts

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/parquet/file"
)

// creator is what files of the layout read here say of who made them.
const creator = "tapline"

// errDamaged says that a file is not what its footer says.
var errDamaged = errors.New("the file is damaged")

// isOwn reports whether a file has tapline's own layout: flat nullable columns
// of the six types.
func isOwn(f *file.Reader, schema *arrow.Schema) bool {
	if f.MetaData().GetCreatedBy() != creator || schema.NumFields() != f.MetaData().Schema.NumColumns() {
		return false
	}
	for i, field := range schema.Fields() {
		c := f.MetaData().Schema.Column(i)
		if kindOf(field.Type) == kindNone || c.MaxDefinitionLevel() != 1 || c.MaxRepetitionLevel() != 0 {
			return false
		}
	}
	return true
}

// A flat reads the records of a file of tapline's own layout. A record ends where
// a page of any column does, so that each of its columns lies in one page.
type flat struct {
	pages  pages
	file   *file.Reader
	fields []arrow.Field
	chosen []int // of the fields, the columns of the file
	batch  int   // rows of a record
	group  int   // the row group to begin next
	left   int64 // rows left of the one before it
	leaves []leaf
	schema *arrow.Schema // of this group's records
	arrays []arrow.Array
}

func (f *flat) open(in *os.File, from *file.Reader, schema *arrow.Schema, chosen []int) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	f.file, f.chosen, f.fields = from, chosen, f.fields[:0]
	f.batch, f.group, f.left = int(batchRows(from)), 0, 0
	for i, column := range chosen {
		f.fields = append(f.fields, schema.Field(column))
		if i == len(f.leaves) {
			f.leaves = append(f.leaves, leaf{})
		}
	}
	f.arrays = make([]arrow.Array, len(chosen))
	return f.pages.open(in, info.Size())
}

// next returns the next record, or io.EOF.
func (f *flat) next() (arrow.Record, error) {
	for f.left == 0 {
		if f.group == f.file.NumRowGroups() || len(f.chosen) == 0 {
			return nil, io.EOF
		}
		if err := f.begin(); err != nil {
			return nil, err
		}
	}
	n := int(min(f.left, int64(f.batch)))
	for i := range f.chosen {
		l := &f.leaves[i]
		if err := l.turn(&f.pages); err != nil {
			return nil, f.about(i, err)
		}
		n = min(n, l.rows)
	}
	for i := range f.chosen {
		a, err := f.leaves[i].take(f.fields[i].Type, n)
		if err != nil {
			return nil, f.about(i, err)
		}
		f.arrays[i] = a
	}
	if f.left -= int64(n); f.left == 0 {
		for i := range f.chosen {
			if l := &f.leaves[i]; l.rows > 0 || l.span.at < l.span.end {
				return nil, f.about(i, fmt.Errorf("%w: it has more values than there are rows", errDamaged))
			}
		}
	}
	return array.NewRecord(f.schema, f.arrays, int64(n)), nil
}

func (f *flat) about(i int, err error) error {
	return fmt.Errorf("column %s: %w", f.fields[i].Name, err)
}

// begin begins the next row group, with the dictionaries of its columns.
func (f *flat) begin() error {
	g := f.file.MetaData().RowGroup(f.group)
	f.group++
	f.left = g.NumRows()
	if f.left < 0 {
		return errDamaged
	}
	fields := make([]arrow.Field, len(f.chosen))
	for i, column := range f.chosen {
		c, err := g.ColumnChunk(column)
		if err != nil {
			return f.about(i, err)
		}
		l := &f.leaves[i]
		l.kind = kindOf(f.fields[i].Type)
		if err := l.begin(c, f.left, &f.pages); err != nil {
			return f.about(i, err)
		}
		fields[i] = f.fields[i]
		if l.dict != nil {
			fields[i].Type = numberedText
		}
	}
	f.schema = arrow.NewSchema(fields, nil)
	return nil
}
