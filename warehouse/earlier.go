package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
)

// An Earlier is a receipt as a warehouse keeps it, with what nobody else asks.
type Earlier struct {
	Receipt
	// SupersededBy is the id of the load that took its place; "" = in force.
	SupersededBy string
	// DisplacedBy is the id of the snapshot of another slice that took its rows
	// away; "" = they are there.
	DisplacedBy string
	// Key of a merge or a history.
	Key []string
}

// ReadKey reads the key as it is kept: a JSON list, "" where there is none.
func (e *Earlier) ReadKey(kept string) error {
	if e.Key = nil; kept == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(kept), &e.Key); err != nil {
		return fmt.Errorf("receipt %s: merge_key: %w", e.ID, err)
	}
	return nil
}

// Fields are where the columns of a receipt go that a statement reads, in this
// order: id, pipeline, table, stream, slice, revision, run, mode, key and day,
// which are the caller's to convert, read_at, committed_at, rows read, loaded and
// quarantined, cells quarantined, bytes read, rows purged, cells purged, superseded
// by, displaced by.
func (e *Earlier) Fields(key, day any) []any {
	return []any{
		&e.ID, &e.Pipeline, &e.Table, &e.Stream, &e.Slice, &e.Revision, &e.Run, &e.Mode, key, day,
		&e.ReadAt, &e.CommittedAt, &e.RowsRead, &e.RowsLoaded, &e.RowsQuarantined, &e.CellsQuarantined,
		&e.BytesRead, &e.RowsPurged, &e.CellsPurged, &e.SupersededBy, &e.DisplacedBy,
	}
}

// ReceiptArgs are the load's receipt as parameters, in the order of Fields up to
// bytes read. The key is a JSON list and the day a text such as 2026-09-01; each
// is nil where there is none.
func (l Load) ReceiptArgs(r Receipt) ([]any, error) {
	var key, day any
	if l.Mode.Keyed() {
		text, err := json.Marshal(l.Key)
		if err != nil {
			return nil, err
		}
		key = string(text)
	}
	if !r.Day.IsZero() {
		day = r.Day.Format(time.DateOnly)
	}
	return []any{
		r.ID, r.Pipeline, r.Table, r.Stream, r.Slice, r.Revision, r.Run, string(r.Mode), key, day,
		r.ReadAt, r.CommittedAt, r.RowsRead, r.RowsLoaded, r.RowsQuarantined, r.CellsQuarantined, r.BytesRead,
	}, nil
}

// Settled looks among all receipts of the load's slice for its own, and returns
// it if it is in force: then nothing is left to do. Nil = the load is to be
// done. Errors: ErrConflict when a newer revision is loaded, or another took
// the load's place.
func (l Load) Settled(earlier []Earlier) (*Receipt, error) {
	for _, r := range earlier {
		if r.SupersededBy == "" && r.ID != l.ID && r.ReadAt.After(Micros(l.ReadAt)) {
			return nil, fmt.Errorf("%w: a revision read at %s is loaded, this one was read at %s", ErrConflict, r.ReadAt, Micros(l.ReadAt))
		}
	}
	for _, r := range earlier {
		switch {
		case r.ID == l.ID && r.SupersededBy == "":
			return &r.Receipt, nil
		case r.ID == l.ID:
			return nil, fmt.Errorf("%w: load %s has taken the place of this one", ErrConflict, r.SupersededBy)
		}
	}
	return nil, nil
}

// Of finds the receipt of the load that is amended, in force or not: the
// quarantine of one that is not is empty, and the amendment changes nothing.
// Find returns the receipts of a load.
func (a Amendment) Of(find func(load string) ([]Earlier, error)) (Earlier, error) {
	if a.Load == "" {
		return Earlier{}, errors.New("an amendment needs a load")
	}
	found, err := find(a.Load)
	switch {
	case err != nil:
		return Earlier{}, err
	case len(found) == 0:
		return Earlier{}, errors.New("there is no receipt of that load")
	case found[0].Table != a.Table:
		return Earlier{}, fmt.Errorf("the load went into table %s", found[0].Table)
	}
	return found[0], nil
}

// Whole yields what read returns, or else its error. All is read before the first
// is handed on, so that nothing of the database is held while the caller works.
func Whole[T any](read func() ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		all, err := read()
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// Receipts are those of the earlier loads.
func Receipts(all []Earlier) []Receipt {
	list := make([]Receipt, len(all))
	for i, e := range all {
		list[i] = e.Receipt
	}
	return list
}
