package warehouse

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// Check refuses a load that is wrong whatever the database: a name that is
// tapline's own, columns that cannot be, a merge without its key, counts that
// do not add up. Errors: *SchemaError, ErrCount.
func (l Load) Check() error {
	if err := (Table{Name: l.Table, Columns: l.Columns}).Check(); err != nil {
		return err
	}
	switch l.Mode {
	case Replace, Snapshot:
	case Merge, History:
		if err := l.checkKey(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("unknown mode %q", l.Mode)
	}
	if l.ID == "" || l.Slice == "" || l.Pipeline == "" {
		return fmt.Errorf("a load needs an id, a pipeline and a slice")
	}
	if l.RowsRead != l.RowsLoaded+l.RowsQuarantined || l.RowsLoaded < 0 || l.RowsQuarantined < 0 {
		return fmt.Errorf("%w: %d rows read are not %d loaded and %d quarantined", ErrCount, l.RowsRead, l.RowsLoaded, l.RowsQuarantined)
	}
	return nil
}

// Receipt is what the warehouse is to remember of the load, committed at the
// given moment. Times are cut to microseconds, as all databases keep them.
func (l Load) Receipt(committed time.Time) Receipt {
	day := l.Day
	if !day.IsZero() {
		y, m, d := day.Date()
		day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return Receipt{
		ID: l.ID, Pipeline: l.Pipeline, Table: l.Table, Stream: l.Stream, Slice: l.Slice, Revision: l.Revision, Run: l.Run,
		Mode: l.Mode, Day: day, ReadAt: Micros(l.ReadAt), CommittedAt: Micros(committed),
		RowsRead: l.RowsRead, RowsLoaded: l.RowsLoaded, RowsQuarantined: l.RowsQuarantined,
		CellsQuarantined: l.CellsQuarantined, BytesRead: l.BytesRead,
	}
}

// Micros is the time as databases keep it: in UTC, to the microsecond.
func Micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Check refuses what no database here takes: a name that is missing or
// tapline's own, too many columns, names that differ in case alone, types that
// are none of a Column's. Errors: *SchemaError.
func (t Table) Check() error {
	switch {
	case t.Name == "" || strings.ContainsRune(t.Name, 0):
		return &SchemaError{Table: t.Name, Reason: "a table needs a name"}
	case IsOwn(t.Name):
		return &SchemaError{Table: t.Name, Reason: "names that start with _tapline_ are tapline's own; choose another"}
	case len(t.Columns) > MaxColumns:
		return &SchemaError{Table: t.Name, Reason: fmt.Sprintf(
			"%d columns are more than the %d a table may have; drop some (columns: drop)", len(t.Columns), MaxColumns)}
	}
	seen := make(map[string]string, len(t.Columns))
	for _, c := range t.Columns {
		folded := strings.ToLower(c.Name)
		other, clash := seen[folded]
		seen[folded] = c.Name
		reason := ""
		switch {
		case c.Name == "" || strings.ContainsRune(c.Name, 0):
			reason = fmt.Sprintf("%q cannot be a column's name", c.Name)
		case clash:
			reason = fmt.Sprintf("there is %s too, and databases take names that differ in case alone as one; rename one of them", other)
		case c.Type == nil:
			reason = "it has no type"
		case !Storable(c.Type):
			reason = fmt.Sprintf("%s is none of bool, int64, float64, string, date and timestamp in UTC microseconds", c.Type)
		}
		if reason != "" {
			return &SchemaError{Table: t.Name, Column: c.Name, Reason: reason}
		}
	}
	return nil
}

// IsOwn reports whether a name is one of tapline's own tables and views, or of
// those it may have one day.
func IsOwn(table string) bool { return strings.HasPrefix(strings.ToLower(table), "_tapline_") }

// Storable reports whether t is one of the types of a Column.
func Storable(t arrow.DataType) bool {
	if ts, ok := t.(*arrow.TimestampType); ok {
		return ts.Unit == arrow.Microsecond && ts.TimeZone != ""
	}
	switch t.ID() {
	case arrow.BOOL, arrow.INT64, arrow.FLOAT64, arrow.STRING, arrow.DATE32:
		return true
	}
	return false
}
