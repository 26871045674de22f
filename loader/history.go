package loader

import (
	"fmt"
	"slices"
	"strings"

	"tapline/warehouse"
)

// byHistory stands where a vendor's name does for the columns that mode History
// fills in; it is what the configuration says of them.
const byHistory = "history: true"

// reserved are the columns that the warehouse fills in itself, beside tapline's
// four. No column of the vendor may have their names.
func (t *task) reserved() []warehouse.Column {
	if t.mode() != warehouse.History {
		return nil
	}
	return warehouse.HistoryColumns()
}

// reserve takes names for the warehouse. A table that has one for a column of the
// vendor is an ErrName.
func reserve(taken map[string]string, columns []warehouse.Column) error {
	for _, c := range columns {
		if by := taken[c.Name]; by != "" {
			return fmt.Errorf("loader: %w: column %s holds %q, and %s fills in a column of that name; load into another table", ErrName, c.Name, by, byHistory)
		}
		taken[c.Name] = byHistory
	}
	return nil
}

// addReserved adds the columns to the table that it does not have yet.
func (f *fit) addReserved(columns []warehouse.Column) {
	added := false
	for _, c := range columns {
		if !slices.ContainsFunc(f.table.Columns, func(h warehouse.Column) bool { return strings.EqualFold(h.Name, c.Name) }) {
			f.table.Columns = append(f.table.Columns, c)
			added = true
		}
	}
	if added && !f.created {
		f.changes = append(f.changes, "keeps a history from now on")
	}
}
