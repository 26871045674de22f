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
	"tapline/exporter/format"
)

// The columns that the layout of CleverTap's exports has a rule for.
const (
	colTS    = "ts"
	colDate  = "event_date"
	colEvent = "eventName"
	colEpoch = "eventTime" // Parquet's ts
)

// reasonTime is the reason of a ts that is no time, as in package clevertap.
const reasonTime = "value.time"

// texts are the columns that are text whatever they hold, as in the API's
// streams: an identity of digits is none the less a name.
func texts() []string {
	return []string{colEvent, "profile.identity", "profile.objectId", "profile.platform", "profile.name", "profile.email"}
}

// parquetName gives the CSV's name of a column of a Parquet export, whose
// identities are in a block of their own. The vendor documents none of it; the
// names are those that tables over real files show.
func parquetName(name string) string {
	rest, ok := strings.CutPrefix(name, "identity.")
	switch {
	case name == colEpoch:
		return colTS
	case !ok:
		return strings.Replace(name, "session_props.", "sessionProps.", 1)
	case rest == "clevertapId":
		return "profile.objectId"
	}
	return "profile." + rest
}

// A layout turns batches of a CleverTap export into the columns that the API's
// streams have: ts the instant, event_date the project's day of it, and the
// names of the vendor's CSV files. It belongs to one goroutine.
type layout struct {
	name    string // of the content, for places
	clock   *format.Clock
	mem     memory.Allocator
	event   string // the event's name where records do not say it, or ""
	parquet bool
	pinned  bool // the layout is not a guess
	days    *calendar
	rows    int64 // of the member, before the batch
}

func (s *Source) newLayout(name string) *layout {
	return &layout{name: name, clock: format.NewClock(s.loc), days: &calendar{loc: s.loc}, mem: s.batch.Mem}
}

// apply changes the sheet. A batch in which every ts is NULL may come without
// the column. The error is that a Parquet file has other columns.
func (l *layout) apply(s *sheet) error {
	if l.parquet {
		if s.find(colEvent) < 0 || s.find(colEpoch) < 0 && s.find(colTS) < 0 {
			if l.pinned {
				return errNotVendor()
			}
			return nil
		}
		rename(s)
	}
	i := s.find(colTS)
	if i < 0 {
		i = 0
		s.insert(i, colTS, exporter.Time, array.MakeArrayOfNull(l.mem, exporter.Time.Type(), s.rows))
	}
	if s.cells[i].DataType().ID() != arrow.TIMESTAMP {
		l.instants(s, i)
	}
	if ts, ok := s.cells[i].(*array.Timestamp); ok && s.find(colDate) < 0 {
		s.insert(i+1, colDate, exporter.Date, l.dates(ts))
	}
	if l.event != "" && s.find(colEvent) < 0 {
		name := constant{kind: exporter.Text, value: l.event, mem: l.mem}
		s.insert(i+2, colEvent, exporter.Text, name.build(s.rows))
	}
	for _, name := range texts() {
		if i := s.find(name); i >= 0 {
			l.toText(s, i)
		}
	}
	return nil
}

// rename gives the columns of a Parquet export the names of the CSV files, in
// rejects too. One whose name is taken keeps its own.
func rename(s *sheet) {
	taken := map[string]bool{}
	for _, name := range s.names {
		taken[name] = true
	}
	to := func(name string) string {
		if other := parquetName(name); !taken[other] {
			return other
		}
		return name
	}
	s.batch.Rejects = slices.Clone(s.batch.Rejects)
	for i := range s.batch.Rejects {
		s.batch.Rejects[i].Column = to(s.batch.Rejects[i].Column)
	}
	for i, name := range s.names {
		s.names[i] = to(name)
	}
}

// dates returns the project's day of each instant.
func (l *layout) dates(ts *array.Timestamp) arrow.Array {
	b := array.NewDate32Builder(l.mem)
	defer b.Release()
	b.Reserve(ts.Len())
	for i, v := range ts.TimestampValues() {
		if ts.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		b.UnsafeAppend(arrow.Date32(l.days.of(int64(v))))
	}
	return b.NewArray()
}

// instants makes column i, which the format did not read as times, instants.
// What is none is NULL and rejected.
func (l *layout) instants(s *sheet, i int) {
	b := array.NewTimestampBuilder(l.mem, exporter.Time.Type().(*arrow.TimestampType))
	defer b.Release()
	col := s.cells[i]
	b.Reserve(col.Len())
	var places []int64
	for row := range col.Len() {
		if col.IsNull(row) {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		text := canonical(col, row, s.kinds[i])
		if at, ok := l.clock.Stamp([]byte(text)); ok {
			b.UnsafeAppend(arrow.Timestamp(at))
			continue
		}
		b.UnsafeAppendBoolToBitmap(false)
		if places == nil {
			places = s.places()
		}
		s.reject(exporter.Reject{
			Row: places[row], Column: s.names[i], Reason: reasonTime,
			Place: fmt.Sprintf("%s, row %d", l.name, l.rows+places[row]+1), Raw: text,
		})
	}
	s.set(i, exporter.Time, b.NewArray())
}

// toText makes column i text.
func (l *layout) toText(s *sheet, i int) {
	col, k := s.cells[i], s.kinds[i]
	if col.DataType().ID() == arrow.STRING {
		s.kinds[i] |= exporter.Text
		return
	}
	b := array.NewStringBuilder(l.mem)
	defer b.Release()
	b.Reserve(col.Len())
	for row := range col.Len() {
		if col.IsNull(row) {
			b.AppendNull()
			continue
		}
		b.Append(canonical(col, row, k))
	}
	s.set(i, k|exporter.Text, b.NewArray())
}

// canonical is the canonical text of a cell; see exporter.Kinds.Staged.
func canonical(col arrow.Array, row int, k exporter.Kinds) string {
	switch c := col.(type) {
	case *array.Float64:
		return string(k.AppendFloat(nil, c.Value(row)))
	case *array.Date32:
		return c.Value(row).ToTime().Format(time.DateOnly)
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(c.Value(row))))
	}
	return col.ValueStr(row)
}
