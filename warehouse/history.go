package warehouse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// Names of the columns that a table of mode History has beside those of its
// rows. A plain "current" would be a reserved word in BigQuery.
const (
	ColValidFrom = "valid_from" // timestamp: since when the row was found to be so
	ColValidTo   = "valid_to"   // timestamp: when it was found to be otherwise; NULL = never
	ColIsCurrent = "is_current" // bool: whether valid_to is NULL
)

// HistoryColumns are what Ensure has to be given for a table of mode History.
// Loads and their parts do not have them: the warehouse fills them in.
func HistoryColumns() []Column {
	ts := &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	return []Column{
		{Name: ColValidFrom, Type: ts}, {Name: ColValidTo, Type: ts}, {Name: ColIsCurrent, Type: arrow.FixedWidthTypes.Boolean},
	}
}

// Keyed reports whether the mode tells rows apart by a key.
func (m Mode) Keyed() bool { return m == Merge || m == History }

// IsOwnColumn reports whether a column of a table is none of its data: one of the
// four that every row carries, or of the three of History.
func IsOwnColumn(name string) bool {
	switch strings.ToLower(name) {
	case ColSlice, ColLoad, ColRow, ColLoadedAt, ColValidFrom, ColValidTo, ColIsCurrent:
		return true
	}
	return false
}

// Contents are the columns of a table by which History tells whether a row is
// another than the one before: all its data, whatever the load brings, so that
// what a load lacks counts as NULL. Columns of a type that no load writes to are
// the user's own and not among them.
func Contents(have []Column) []Column {
	return slices.DeleteFunc(slices.Clone(have), func(c Column) bool { return IsOwnColumn(c.Name) || !Storable(c.Type) })
}

// CheckHistory refuses a table that cannot keep a history. Errors: *SchemaError.
func CheckHistory(table string, have []Column) error {
	for _, want := range HistoryColumns() {
		i := slices.IndexFunc(have, func(c Column) bool { return c.Name == want.Name })
		switch {
		case i < 0:
			return &SchemaError{Table: table, Column: want.Name, Reason: "the table does not have it, and mode history needs it; it may have been dropped"}
		case have[i].Type.ID() != want.Type.ID():
			return &SchemaError{Table: table, Column: want.Name, Have: TypeName(have[i].Type), Want: TypeName(want.Type),
				Reason: "it is a column of mode history; load into another table"}
		}
	}
	return nil
}

// checkKey refuses a key that the load does not have.
func (l Load) checkKey() error {
	if len(l.Key) == 0 {
		return fmt.Errorf("mode %s needs a key", l.Mode)
	}
	for _, k := range l.Key {
		if !slices.ContainsFunc(l.Columns, func(c Column) bool { return strings.EqualFold(c.Name, k) }) {
			return &SchemaError{Table: l.Table, Column: k, Reason: fmt.Sprintf("is a key of mode %s, and the load does not have it", l.Mode)}
		}
	}
	if l.Mode != History {
		return nil
	}
	for _, c := range HistoryColumns() {
		if slices.ContainsFunc(l.Columns, func(have Column) bool { return strings.EqualFold(have.Name, c.Name) }) {
			return &SchemaError{Table: l.Table, Column: c.Name, Reason: "mode history fills it in, and the load has a column of that name; rename it"}
		}
	}
	return nil
}

// ProveHistory adds to the proofs of a table's loads what is wrong with its
// history: rows that no chain of one key explains. They count for the load in
// force of their slice. All are the receipts in force, of this table and others;
// have are the table's columns; count tells how many such rows there are, by
// slice, for the key of the last receipt in mode History.
func ProveHistory(proofs map[string]Proof, table string, have []Column, all []Earlier, count func(key []string) (map[string]int64, error)) error {
	var receipts []Earlier
	for _, r := range all {
		if r.Table == table && r.Mode == History {
			receipts = append(receipts, r)
		}
	}
	if len(receipts) == 0 {
		return nil
	}
	broken := make(map[string]int64)
	if CheckHistory(table, have) != nil { // the columns that tell it are gone
		for _, r := range receipts {
			broken[r.Slice] = proofs[r.ID].Found
		}
	} else {
		var err error
		if broken, err = count(receipts[len(receipts)-1].Key); err != nil {
			return err
		}
	}
	for _, r := range receipts {
		if n := broken[r.Slice]; n > 0 {
			p := proofs[r.ID]
			p.Unexpected += n
			proofs[r.ID] = p
		}
	}
	return nil
}
