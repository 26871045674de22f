package warehouse

import (
	"iter"
	"math"
)

// A Placed is an entry and where it lies in its table, in the database's own
// words, which orders entries that are the same otherwise.
type Placed[P any] struct {
	Entry
	At P
}

// pageEntries is how many quarantine entries are read at a time.
const pageEntries = 1000

// Entries yields those that match f, from pages that read reads: so many entries
// that come after the last of the page before, nil = from the first on. Nothing
// of the database is held between them, so that the caller may amend and purge
// on the way.
func Entries[P any](f Filter, read func(size int64, after *Placed[P]) ([]Placed[P], error)) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var after *Placed[P]
		for left := f.Most(); left > 0; {
			page, err := read(min(left, pageEntries), after)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e.Entry, nil) {
					return
				}
			}
			if len(page) < pageEntries {
				return
			}
			left -= int64(len(page))
			after = &page[len(page)-1]
		}
	}
}

// Most is how many entries the filter lets through.
func (f Filter) Most() int64 {
	if f.Limit > 0 {
		return f.Limit
	}
	return math.MaxInt64
}

// Args are the filter as parameters: pipeline, table, load, slice, column and
// reason, "" = all; before, nil = all; from which row. Most comes apart.
func (f Filter) Args() []any {
	var before any
	if !f.Before.IsZero() {
		before = Micros(f.Before)
	}
	return []any{f.Pipeline, f.Table, f.Load, f.Slice, f.Column, f.Reason, before, f.FromRow}
}
