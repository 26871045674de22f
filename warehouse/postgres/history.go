package postgres

import (
	"context"

	"tapline/warehouse"
)

// A content is a column of a table's contents. JSON as it was written has no
// equality in PostgreSQL, and is compared as text.
type content struct {
	Name string
	Text bool
}

// A history is a table of mode History and a load that comes to it.
type history struct {
	table    string
	key      []string
	columns  []string  // those that are staged
	compared []content // those of the contents that are staged
	lacked   []string  // those that are not: NULL in every row of the load
	contents []content
	all      bool // not the staged keys alone, but those of all marked rows
}

func newHistory(table string, key []string, have, staged []column) history {
	h := history{table: table, key: key}
	for _, c := range staged {
		if !isHistory(c.Name) {
			h.columns = append(h.columns, c.Name)
		}
	}
	for _, c := range have {
		if c.form == formNone || warehouse.IsOwnColumn(c.Name) {
			continue
		}
		one := content{c.Name, c.sql == "json"}
		h.contents = append(h.contents, one)
		if indexOf(staged, c.Name) >= 0 {
			h.compared = append(h.compared, one)
		} else {
			h.lacked = append(h.lacked, c.Name)
		}
	}
	return h
}

func isHistory(name string) bool {
	return name == warehouse.ColValidFrom || name == warehouse.ColValidTo || name == warehouse.ColIsCurrent
}

// data is what the statements are rendered with.
func (h history) data() data {
	return data{
		"Table": h.table, "Key": h.key, "Columns": h.columns, "Compared": h.compared, "Lacked": h.lacked,
		"Contents": h.contents, "All": h.all,
	}
}

// forget removes the rows of a load's slice that its older revisions left and
// that are not to stay. It returns how many there were.
func (t *tx) forget(ctx context.Context, l warehouse.Load) (int64, error) {
	if l.Mode == warehouse.History {
		return t.exec(ctx, "history_delete", data{"Table": l.Table, "Key": l.Key}, l.Slice)
	}
	return t.exec(ctx, "slice_delete", data{"Table": l.Table}, l.Slice)
}

// A step is a statement, and what a row that it touches is to the table.
type step struct {
	name string
	sign int64
}

// addHistory puts those of the staged rows into the table that change something,
// and has them follow those that are there. It returns by how many rows the table
// grew.
func (t *tx) addHistory(ctx context.Context, table string, key []string, staged []column) (int64, error) {
	have, err := t.columns(ctx, table)
	if err != nil {
		return 0, err
	}
	h := newHistory(table, key, have, staged)
	if err := t.index(ctx, h.table, h.key); err != nil {
		return 0, err
	}
	if err := t.row(ctx, "history_mixed", nil, []any{h.table}, &h.all); err != nil {
		return 0, err
	}
	steps := []step{{"merge_within", 0}, {"staged_analyze", 0}, {"history_yield", 0}, {"history_insert", 1}}
	return t.walk(ctx, h, append(steps, h.settling()...))
}

// settling are the steps that have marked rows take their places.
func (h history) settling() []step {
	steps := []step{{"history_settle", 0}, {"history_sweep", -1}}
	if h.all {
		return append([]step{{"history_keyless", 0}}, steps...)
	}
	return steps
}

// walk takes the steps, and returns by how many rows the table grew.
func (t *tx) walk(ctx context.Context, h history, steps []step) (int64, error) {
	var grown int64
	for _, s := range steps {
		n, err := t.exec(ctx, s.name, h.data())
		if err != nil {
			return 0, err
		}
		grown += s.sign * n
	}
	return grown, nil
}

// amendHistory puts staged rows into the table and has them, and those at places
// where cells changed, take their places anew. It returns by how many rows the
// table grew.
func (t *tx) amendHistory(ctx context.Context, h history, r warehouse.Earlier, places []int64) (int64, error) {
	h.all = true
	if _, err := t.exec(ctx, "history_mark", h.data(), r.Slice, r.ID, places); err != nil {
		return 0, err
	}
	return t.walk(ctx, h, append([]step{{"staged_insert", 1}}, h.settling()...))
}

// verifyHistory counts rows that no history explains among what is found of a
// table's loads.
func (t *tx) verifyHistory(ctx context.Context, table string, have []column, all []warehouse.Earlier, proofs map[string]warehouse.Proof) error {
	return warehouse.ProveHistory(proofs, table, plain(have), all, func(key []string) (map[string]int64, error) {
		broken := make(map[string]int64)
		var slice string
		var n int64
		err := t.rows(ctx, "history_verify", data{"Table": table, "Key": key}, nil, []any{&slice, &n}, func() error {
			broken[slice] = n
			return nil
		})
		return broken, err
	})
}

// plain are the columns in the words of the contract.
func plain(have []column) []warehouse.Column {
	list := make([]warehouse.Column, len(have))
	for i, c := range have {
		list[i] = c.Column
	}
	return list
}
