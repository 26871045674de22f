package bigquery

import (
	"context"
	"slices"

	"tapline/warehouse"
)

// scriptHistory adds what is to be done to a table of mode History. Rows whose
// valid_from is NULL are those that have no place yet.
func (x *loading) scriptHistory(s *script) {
	h := x.table.history(x.l.Key)
	if x.remove {
		s.add("history_delete", h)
	}
	if x.stage == "" {
		return
	}
	s.add("history_insert", x.withStage(h))
	x.settleHistory(s, h, x.earlier.late > 0)
}

// settleHistory adds what has rows without a place take theirs. It reads all of
// the contents only where it has to be full: where rows may have come, or been
// read, otherwise than one load after the other.
func (x *loading) settleHistory(s *script, h map[string]any, full bool) {
	h["Full"] = full
	if full {
		s.add("history_keyless", h)
	}
	s.add("history_settle", h)
	if full {
		s.add("history_sweep", h)
	}
}

// history is what the statements of mode History are rendered with.
func (t *target) history(key []string) map[string]any {
	h := t.merging(key)
	var contents []string
	for _, c := range warehouse.Contents(t.columns) {
		contents = append(contents, c.Name)
	}
	h["Contents"] = contents
	return h
}

// withStage adds to it what the load's staging table has of the contents.
func (x *loading) withStage(h map[string]any) map[string]any {
	contents, _ := h["Contents"].([]string)
	columns := insertData(x.l.Table, x.l.Columns, x.stage)
	h["Stage"], h["Columns"] = x.stage, columns["Columns"]
	staged := func(name string) bool {
		return slices.ContainsFunc(x.l.Columns, func(c warehouse.Column) bool { return c.Name == name })
	}
	var compared, lacked []string
	for _, name := range contents {
		if staged(name) {
			compared = append(compared, name)
		} else {
			lacked = append(lacked, name)
		}
	}
	h["Compared"], h["Lacked"] = compared, lacked
	return h
}

// amendHistory adds what has amended rows, and those with amended cells, take
// their places.
func (x *loading) amendHistory(s *script, entries string) {
	h := x.table.history(x.l.Key)
	h["Entries"] = entries
	s.add("history_mark", h)
	x.settleHistory(s, h, true)
}

// history is what a statement of mode History reads of its table, as far as it
// can be asked before the load has been read: a table that is to get its columns
// is not asked.
func (e *estimate) history(ctx context.Context, x *loading, name, sql string, p params) (int64, error) {
	if warehouse.CheckHistory(x.l.Table, x.table.columns) != nil {
		return 0, nil
	}
	if name != "history_insert" {
		return e.wouldRead(ctx, x, sql, p)
	}
	// It compares all of the contents, as this does.
	h := x.table.history(x.l.Key)
	h["Full"] = true
	sql, err := text("history_settle", h)
	if err != nil {
		return 0, err
	}
	n, err := e.wouldRead(ctx, x, sql, p)
	for _, part := range x.l.Parts {
		n += part.Size
	}
	return n, err
}

// verifyHistory counts rows that no history explains among what is found of a
// table's loads.
func (w *Warehouse) verifyHistory(ctx context.Context, t *target, all []warehouse.Earlier, proofs map[string]warehouse.Proof) error {
	return warehouse.ProveHistory(proofs, t.name, t.columns, all, func(key []string) (map[string]int64, error) {
		broken := make(map[string]int64)
		h := t.history(key)
		h["Dataset"] = w.cfg.Dataset
		err := w.ask(ctx, "history_verify", h, nil, func(r row) error {
			slice := r.text()
			broken[slice] = r.int()
			return r.err
		})
		return broken, err
	})
}
