package postgres

import (
	"fmt"
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// mostPlaces is how many places of a load are kept apart, a bit each; of a
// greater load only those below.
const mostPlaces = 1 << 28

// An inspector looks at the rows of a load while they are sent: all are the
// load's, no two take one place, and the newest event is remembered.
type inspector struct {
	load, slice string
	readAt      int64 // microseconds
	rowsRead    int64
	taken       []uint64 // a bit for each place
	newest      int64    // microseconds
	dated       bool     // newest is one
}

func newInspector(id, slice string, readAt, rowsRead int64) *inspector {
	places := min(max(rowsRead, 0), mostPlaces)
	return &inspector{load: id, slice: slice, readAt: readAt, rowsRead: rowsRead, taken: make([]uint64, (places+63)/64)}
}

// look implements stream.look.
func (p *inspector) look(rec arrow.Record) error {
	slice, ok1 := textsOf(columnNamed(rec, warehouse.ColSlice))
	load, ok2 := textsOf(columnNamed(rec, warehouse.ColLoad))
	row, ok3 := columnNamed(rec, warehouse.ColRow).(*array.Int64)
	at, ok4 := columnNamed(rec, warehouse.ColLoadedAt).(*array.Timestamp)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return fmt.Errorf("%w: a part lacks one of tapline's four columns", warehouse.ErrCount)
	}
	if !slice.all(p.slice) || !load.all(p.load) || !p.readThen(at) {
		return fmt.Errorf("%w: rows of the parts carry another slice, load or time of reading than the load's", warehouse.ErrCount)
	}
	for i := range int(rec.NumRows()) {
		if row.IsNull(i) || row.Value(i) < 0 || row.Value(i) >= p.rowsRead {
			return fmt.Errorf("%w: rows of the parts have places outside of 0 to %d", warehouse.ErrCount, p.rowsRead-1)
		}
		if !p.take(row.Value(i)) {
			return fmt.Errorf("%w: two rows of the parts have the place %d", warehouse.ErrCount, row.Value(i))
		}
	}
	p.date(rec)
	return nil
}

// readThen reports whether all times are that of the load's reading.
func (p *inspector) readThen(at *array.Timestamp) bool {
	for _, v := range at.TimestampValues() {
		if int64(v) != p.readAt {
			return false
		}
	}
	return at.NullN() == 0
}

// texts are those of a column, in an array or in a dictionary.
type texts struct {
	arrow.Array               // of the rows
	values      *array.String // of the rows, or of the dictionary
}

func textsOf(a arrow.Array) (texts, bool) {
	if d, ok := a.(*array.Dictionary); ok {
		a = d.Dictionary()
		values, ok := a.(*array.String)
		return texts{d, values}, ok
	}
	values, ok := a.(*array.String)
	return texts{a, values}, ok
}

// all reports whether each row has that text. A dictionary has none that no row
// has.
func (t texts) all(want string) bool {
	for i := range t.values.Len() {
		if t.values.IsNull(i) || t.values.Value(i) != want {
			return false
		}
	}
	return t.NullN() == 0
}

// take reports whether the place was free.
func (p *inspector) take(place int64) bool {
	if place >= mostPlaces {
		return true
	}
	word, bit := place/64, uint64(1)<<(place%64)
	if p.taken[word]&bit != 0 {
		return false
	}
	p.taken[word] |= bit
	return true
}

// places lists the places that are taken.
func (p *inspector) places() []int64 {
	var list []int64
	for i, word := range p.taken {
		for ; word != 0; word &= word - 1 {
			list = append(list, int64(i)*64+int64(bits.TrailingZeros64(word)))
		}
	}
	return list
}

// date remembers the newest event: of the column ts if it is a time, or else of
// event_date.
func (p *inspector) date(rec arrow.Record) {
	const day = 86400 * 1_000_000
	if ts, ok := columnNamed(rec, "ts").(*array.Timestamp); ok {
		for i, v := range ts.TimestampValues() {
			if ts.IsValid(i) && (!p.dated || int64(v) > p.newest) {
				p.newest, p.dated = int64(v), true
			}
		}
		return
	}
	if dates, ok := columnNamed(rec, "event_date").(*array.Date32); ok {
		for i, v := range dates.Date32Values() {
			if dates.IsValid(i) && (!p.dated || int64(v)*day > p.newest) {
				p.newest, p.dated = int64(v)*day, true
			}
		}
	}
}

// columnNamed returns a column of a record, or nil.
func columnNamed(rec arrow.Record, name string) arrow.Array {
	for i, f := range rec.Schema().Fields() {
		if f.Name == name {
			return rec.Column(i)
		}
	}
	return nil
}
