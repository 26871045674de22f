package bucket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// A fact is what is known of a file, and the member of it that is read.
type fact struct {
	name    string // the column is "file." and this
	kind    exporter.Kinds
	valueOf func(file) any // string, int64, exporter.Day or time.Time; nil = not known
}

// A file is what facts are found in.
type file struct {
	name    string // of the object
	member  string // of the archive; "" when it is none
	updated time.Time
	day     exporter.Day // that the pattern's date parts found; may be zero
	FileName
}

// facts are all of them. Those that the vendor's file names hold are NULL where
// the name is of another form.
func facts() []fact {
	return []fact{
		{"name", exporter.Text, func(f file) any { return f.name }},
		{"event", exporter.Text, func(f file) any { return known(f.Event) }},
		{"request_id", exporter.Int, func(f file) any { return known(f.Request) }},
		{"run_time", exporter.Time, func(f file) any { return known(f.Run) }},
		{"day", exporter.Date, func(f file) any { return known(f.date()) }},
		{"index", exporter.Int, func(f file) any {
			if f.Request == 0 || f.Index < 0 {
				return nil
			}
			return f.Index
		}},
		{"database_id", exporter.Text, func(f file) any { return known(f.Database) }},
		{"updated", exporter.Time, func(f file) any { return known(f.updated) }},
		{"member", exporter.Text, func(f file) any { return known(f.member) }},
	}
}

// known is v, or nil if it is the zero value.
func known[T comparable](v T) any {
	var none T
	if v == none {
		return nil
	}
	return v
}

// date is the day that the name speaks of.
func (f file) date() exporter.Day {
	if !f.day.IsZero() {
		return f.day
	}
	return f.Day
}

// factsNamed returns the facts of the names; "*" are all.
func factsNamed(names []string) ([]fact, error) {
	all := facts()
	if slices.Contains(names, "*") {
		return all, nil
	}
	var out []fact
	for _, name := range names {
		i := slices.IndexFunc(all, func(f fact) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("file_columns: %q is not known; known are name, event, request_id, run_time, day, index, database_id, updated, member, and * for all", name)
		}
		if !slices.ContainsFunc(out, func(f fact) bool { return f.name == name }) {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// A constant is a column whose cells are all alike. The array is as long as the
// longest batch so far, and batches hold the start of it.
type constant struct {
	column string
	kind   exporter.Kinds
	value  any
	mem    memory.Allocator
	arr    arrow.Array
}

func newConstants(of []fact, f file, mem memory.Allocator) []*constant {
	var out []*constant
	for _, fact := range of {
		out = append(out, &constant{column: "file." + fact.name, kind: fact.kind, value: fact.valueOf(f), mem: mem})
	}
	return out
}

// cells returns n cells, which the caller releases.
func (c *constant) cells(n int) arrow.Array {
	if c.arr == nil || c.arr.Len() < n {
		c.release()
		c.arr = c.build(n)
	}
	return array.NewSlice(c.arr, 0, int64(n))
}

func (c *constant) release() {
	if c.arr != nil {
		c.arr.Release()
		c.arr = nil
	}
}

func (c *constant) build(n int) arrow.Array {
	b := array.NewBuilder(c.mem, c.kind.Staged())
	defer b.Release()
	b.Reserve(n)
	if c.value == nil {
		b.AppendNulls(n)
		return b.NewArray()
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		// Names of members of archives are in no particular encoding.
		text := strings.ToValidUTF8(strings.ReplaceAll(c.value.(string), "\x00", "\ufffd"), "\ufffd")
		b.ReserveData(n * len(text))
		for range n {
			b.Append(text)
		}
	case *array.Int64Builder:
		for range n {
			b.UnsafeAppend(c.value.(int64))
		}
	case *array.Date32Builder:
		for range n {
			b.UnsafeAppend(arrow.Date32(c.value.(exporter.Day).Epoch()))
		}
	case *array.TimestampBuilder:
		for range n {
			b.UnsafeAppend(arrow.Timestamp(c.value.(time.Time).UnixMicro()))
		}
	}
	return b.NewArray()
}
