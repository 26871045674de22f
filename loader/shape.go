package loader

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/exporter"
	"tapline/warehouse"
)

// A fit says how the columns of a slice go into a table.
type fit struct {
	table   warehouse.Table // as it has to be
	columns []fitColumn     // of the slice, tapline's four not included
	by      map[string]int  // vendor name -> index into columns
	changes []string        // what happens to the table, for people
	created bool
}

type fitColumn struct {
	source, name string
	typ          arrow.DataType
	fresh        bool // the table does not have it yet
	widens       bool // the table has it narrower
	frozen       bool // the contract keeps it out: its values go to quarantine
}

// column returns the column for a vendor name.
func (f fit) column(source string) (fitColumn, bool) {
	i, ok := f.by[source]
	if !ok {
		return fitColumn{}, false
	}
	return f.columns[i], true
}

// staged returns the columns that the slice's parts have, in their order.
func (f fit) staged() schema {
	var s schema
	for _, c := range f.columns {
		if !c.frozen {
			s = append(s, stagedColumn{c.source, c.name, warehouse.TypeName(c.typ)})
		}
	}
	return s
}

// shape decides, from everything that a slice's columns hold, how they go into
// the table: have, if it exists. narrow names columns of the table that could
// not be widened.
func shape(t *task, have warehouse.Table, exists bool, kinds map[string]exporter.Kinds, narrow map[string]bool) (fit, error) {
	var sources []string
	for source, k := range kinds {
		if k != 0 || t.rules.types[source] != nil {
			sources = append(sources, source)
		}
	}
	slices.SortFunc(sources, compareSources)
	byName, err := names(have.Columns, sources, t.rules.renames, t.reserved()...)
	if err != nil {
		return fit{}, fmt.Errorf("table %s: %w", t.table, err)
	}
	known := map[string]arrow.DataType{}
	for _, c := range have.Columns {
		known[strings.ToLower(c.Name)] = c.Type
	}
	f := fit{by: map[string]int{}, created: !exists}
	for _, source := range sources {
		c := fitColumn{source: source, name: byName[source], typ: kinds[source].Type()}
		if pinned := t.rules.types[source]; pinned != nil {
			c.typ = pinned
		}
		tableType := known[strings.ToLower(c.name)]
		switch {
		case tableType == nil:
			c.fresh = true
			c.frozen = exists && t.target.Contract == Freeze
		case !stageable(tableType):
			return fit{}, &warehouse.SchemaError{Table: t.table, Column: c.name, Have: warehouse.TypeName(tableType), Want: warehouse.TypeName(c.typ),
				Reason: fmt.Sprintf("tapline writes no such type; load into another table, or rename or drop %q under columns", source)}
		case arrow.TypeEqual(tableType, c.typ):
		case t.rules.types[source] != nil && !widening(tableType, c.typ):
			return fit{}, pinClash(t.table, c, tableType)
		case widening(tableType, c.typ) && !narrow[c.name]:
			c.widens = true
		default:
			c.typ = tableType
		}
		f.by[source] = len(f.columns)
		f.columns = append(f.columns, c)
	}
	f.describe(t, have)
	return f, nil
}

// widening reports whether a column that is from may become to.
func widening(from, to arrow.DataType) bool {
	return from.ID() == arrow.INT64 && to.ID() == arrow.FLOAT64
}

func pinClash(table string, c fitColumn, have arrow.DataType) error {
	return &warehouse.SchemaError{Table: table, Column: c.name, Have: warehouse.TypeName(have), Want: warehouse.TypeName(c.typ),
		Reason: fmt.Sprintf("columns pins %q to %s; unpin it, or rename it into a new column", c.source, warehouse.TypeName(c.typ))}
}

// describe fills in the table as it has to be and what changes.
func (f *fit) describe(t *task, have warehouse.Table) {
	f.table = have
	f.table.Name = t.table
	f.table.Columns = slices.Clone(have.Columns)
	if f.created {
		f.table.About, f.table.Cluster = t.stream.About, t.target.Cluster
		f.changes = append(f.changes, "new table")
	}
	for _, c := range f.columns {
		col := warehouse.Column{Name: c.name, Type: c.typ, Source: c.source}
		switch {
		case c.frozen:
			f.changes = append(f.changes, fmt.Sprintf("column %s is kept out: the contract is freeze", c.name))
		case c.fresh:
			f.table.Columns = append(f.table.Columns, col)
			if !f.created {
				f.changes = append(f.changes, fmt.Sprintf("new column %s %s", c.name, warehouse.TypeName(c.typ)))
			}
		case c.widens:
			i := slices.IndexFunc(f.table.Columns, func(h warehouse.Column) bool { return strings.EqualFold(h.Name, c.name) })
			f.table.Columns[i].Type = c.typ
			f.changes = append(f.changes, fmt.Sprintf("column %s widens to %s", c.name, warehouse.TypeName(c.typ)))
		}
		if c.source == t.stream.Partition && f.created {
			f.table.Partition = c.name
		}
	}
	f.addReserved(t.reserved())
	for _, c := range systemColumns() {
		if !slices.ContainsFunc(f.table.Columns, func(h warehouse.Column) bool { return h.Name == c.Name }) {
			f.table.Columns = append(f.table.Columns, c)
		}
	}
}

// alters reports whether the load would change the table's columns.
func (f fit) alters() bool {
	return f.created || slices.ContainsFunc(f.columns, func(c fitColumn) bool { return (c.fresh && !c.frozen) || c.widens })
}

// compareSources orders the columns of a new table: those without a dot first,
// for they tell the row's when and what, then the others; each by name, but
// with time before all.
func compareSources(a, b string) int {
	rank := func(s string) int {
		switch {
		case s == "ts":
			return 0
		case !strings.Contains(s, "."):
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// systemColumns are the columns that every row carries.
func systemColumns() []warehouse.Column {
	return []warehouse.Column{
		{Name: warehouse.ColSlice, Type: arrow.BinaryTypes.String},
		{Name: warehouse.ColLoad, Type: arrow.BinaryTypes.String},
		{Name: warehouse.ColRow, Type: arrow.PrimitiveTypes.Int64},
		{Name: warehouse.ColLoadedAt, Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	}
}

// refused returns the column whose widening the warehouse refused with err, or "".
func (f fit) refused(err error) string {
	var refusal *warehouse.SchemaError
	if !errors.As(err, &refusal) {
		return ""
	}
	for _, c := range f.columns {
		if c.widens && strings.EqualFold(c.name, refusal.Column) {
			return c.name
		}
	}
	return ""
}
