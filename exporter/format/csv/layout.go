package csv

import (
	"fmt"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A Layout is what the source knows of the columns.
type Layout struct {
	Times []Time
}

// A Time is a column of instants in a form of the vendor's own. A cell that is
// no such time is NULL and rejected with ReasonTime.
type Time struct {
	Column string // of the header; one that is not there is no error
	Form   Form
}

// A Form is how a vendor writes instants.
type Form uint8

// Compact is a local time of 14 digits, YYYYMMDDHHMMSS, in Batching.Zone.
const Compact Form = 0

// A column is a column of the content and how its cells are read.
type column struct {
	*format.Column
	rule rule
}

type rule uint8

const (
	detected rule = iota
	asText        // exactly as written
	compact       // see Compact
)

// columns makes the Builder and its columns. Those of the Layout are always in
// the record, as instants.
func columns(names []string, o Options, lay Layout, bt format.Batching) (*format.Builder, []column, error) {
	rules := make(map[string]rule)
	for _, t := range lay.Times {
		if t.Form != Compact {
			return nil, nil, fmt.Errorf("csv: column %q: form %d is not known", t.Column, t.Form)
		}
		rules[t.Column] = compact
	}
	all := false
	for _, name := range o.Text {
		all = all || name == "*"
		rules[name] = asText
	}
	var declared []format.Declared
	for _, name := range names {
		if rules[name] == compact && !all {
			declared = append(declared, format.Declared{Name: name, Kind: exporter.Time})
		}
	}
	b := format.NewBuilder(bt.Mem, declared...)
	cols := make([]column, len(names))
	for i, name := range names {
		cols[i] = column{b.Column(name), rules[name]}
		if all {
			cols[i].rule = asText
		}
	}
	return b, cols, nil
}
