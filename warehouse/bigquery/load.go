package bigquery

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// errMoved says that another process was faster, and that all is to be looked
// at again.
var errMoved = errors.New("another process loaded the slice at the same time")

// errMissing says that a job put rows into the table which are no longer there.
var errMissing = errors.New("rows of an earlier job are not in the table")

// Load makes the load's rows those of its slice. Counts and places are proven
// before anything is visible: of one part on this machine by reading it, of
// others in a staging table. A table that does not exist is an ErrNotExist,
// unless the load has no parts.
//
// Rows that are loaded directly (a first revision, or a newer one of a slice that
// has its partition to itself) are
// visible a moment before their receipt and their quarantine; whoever needs
// them together joins the receipts. All others come with theirs. BigQuery
// remembers jobs for 180 days: a process that died between a direct load and
// its receipt is to be followed by another within that time.
//
// Each load writes its own receipt at once; Load.More changes nothing.
func (w *Warehouse) Load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	r, err := w.load(ctx, l)
	if err != nil {
		return warehouse.Receipt{}, fmt.Errorf("bigquery: load %s into %s: %w", l.Slice, l.Table, err)
	}
	return r, nil
}

func (w *Warehouse) load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	none := warehouse.Receipt{}
	if err := l.Check(); err != nil {
		return none, err
	}
	if err := checkManifest(l); err != nil {
		return none, err
	}
	if err := w.ready(ctx); err != nil {
		return none, err
	}
	var p pacing
	direct, transaction := false, false
	for try := 1; ; try++ {
		x, r, err := w.attempt(ctx, l, transaction)
		if x != nil {
			x.tidy(ctx)
			direct = direct || x.tried
		}
		switch {
		case errors.Is(err, errMissing):
			transaction = true
		case errors.Is(err, errMoved):
		default:
			if err != nil && direct {
				err = errors.Join(err, w.withdraw(ctx, l, err))
			}
			return r, err
		}
		if try == mostTries {
			return none, fmt.Errorf("%w: %w", warehouse.ErrConflict, err)
		}
		if err := p.pause(ctx, w); err != nil {
			return none, err
		}
	}
}

// checkManifest refuses what needs no look at the parts.
func checkManifest(l warehouse.Load) error {
	switch {
	case l.Pulled != nil:
		return nil // the transaction counts
	case len(l.Parts) == 0 && l.RowsLoaded > 0:
		return fmt.Errorf("%w: the parts hold 0 rows, the load speaks of %d", warehouse.ErrCount, l.RowsLoaded)
	case len(l.Quarantine) == 0 && l.RowsQuarantined+l.CellsQuarantined > 0:
		return fmt.Errorf("%w: there are no quarantine parts, and the load speaks of %d rows and %d cells",
			warehouse.ErrCount, l.RowsQuarantined, l.CellsQuarantined)
	}
	return nil
}

// A loading is one try of a Load, by what the receipts were when it began.
type loading struct {
	w       *Warehouse
	l       warehouse.Load
	table   *target // nil = there is none, and nothing to put there
	earlier earlier
	call    string // names this try in labels

	stage, aside string   // staging tables of rows and of quarantine, "" = none
	stages       []string // to be removed
	tried        bool     // a direct job may have put rows into the table
	applied      bool     // it did, and all of them
	remove       bool     // older rows of the slice may be in the table
}

// attempt does all of a load once. With transaction it does nothing directly.
func (w *Warehouse) attempt(ctx context.Context, l warehouse.Load, transaction bool) (*loading, warehouse.Receipt, error) {
	none := warehouse.Receipt{}
	e, err := w.earlier(ctx, l)
	if err != nil {
		return nil, none, err
	}
	done, err := l.Settled(e.slice)
	if err != nil {
		return nil, none, err
	}
	if done != nil {
		return nil, *done, nil
	}
	x := &loading{w: w, l: l, earlier: e, call: fresh("c"), remove: len(e.slice) > 0}
	if x.table, err = w.ours(ctx, l.Table); err != nil {
		return nil, none, err
	}
	if x.table == nil && (len(l.Parts) > 0 || l.Pulled != nil && l.RowsLoaded > 0) {
		return nil, none, fmt.Errorf("%w: it was not made, or dropped meanwhile", warehouse.ErrNotExist)
	}
	if err := x.checkColumns(); err != nil {
		return nil, none, err
	}
	if err := x.putQuarantine(ctx); err != nil {
		return x, none, err
	}
	if err := x.putRows(ctx, transaction); err != nil {
		return x, none, err
	}
	r, err := x.commit(ctx)
	return x, r, err
}

// checkColumns refuses columns that the table does not have or cannot hold.
func (x *loading) checkColumns() error {
	if x.table == nil || len(x.l.Parts) == 0 && x.l.Pulled == nil {
		return nil
	}
	if x.l.Mode == warehouse.History {
		if err := warehouse.CheckHistory(x.l.Table, x.table.columns); err != nil {
			return err
		}
	}
	for _, c := range x.l.Columns {
		i, ok := x.table.index[c.Name]
		switch {
		case !ok:
			return &warehouse.SchemaError{Table: x.l.Table, Column: c.Name, Reason: "the table does not have it; it may have been dropped"}
		case !x.table.holds(i, c.Type):
			return misfit(x.l.Table, c.Name, x.table.columns[i].Type, c.Type)
		}
	}
	return nil
}

// inexact are the integer columns of the load that go into floating ones, by
// their place in the load. What was pulled is cast by the transaction.
func (x *loading) inexact() []int {
	var found []int
	if x.l.Pulled != nil {
		return found
	}
	for i, c := range x.l.Columns {
		if j, ok := x.table.index[c.Name]; ok && c.Type.ID() == arrow.INT64 && x.table.columns[j].Type.ID() == arrow.FLOAT64 {
			found = append(found, i)
		}
	}
	return found
}

// putQuarantine stages the quarantine.
func (x *loading) putQuarantine(ctx context.Context) error {
	if x.l.Pulled != nil {
		x.aside = x.l.Pulled.Places[placeAside]
		return nil
	}
	if len(x.l.Quarantine) == 0 {
		return nil
	}
	var err error
	x.aside, err = x.newStage(ctx, warehouse.TableQuarantine, warehouse.QuarantineColumns(), x.l.Quarantine, nil)
	return err
}

// putRows puts the rows where commit finds them: into the table itself, or into
// a staging table.
func (x *loading) putRows(ctx context.Context, transaction bool) error {
	s := x.w.newSlot("load", int64(len(x.earlier.slice)), x.l.Table, x.l.Slice)
	p, err := x.w.past(ctx, s, 0, x.l)
	if err == nil && p.claimed {
		err = x.unmoved(ctx)
	}
	if err != nil {
		return err
	}
	x.remove = x.remove || p.orphans || p.done != nil
	if x.l.Pulled != nil {
		x.stage = x.l.Pulled.Places[placeSift]
	}
	if len(x.l.Parts) == 0 {
		return x.mark(ctx, s, p)
	}
	direct := !transaction && x.direct()
	if direct && p.done != nil && !p.orphans {
		x.tried, x.applied = true, true
		return nil
	}
	if direct && p.next == 0 {
		if err := x.prove(ctx); err != nil {
			return err
		}
		x.applied, err = x.putDirect(ctx, s.attempt(0))
		if err != nil || x.applied {
			return err
		}
		x.remove = true // whatever the job did, if there is one
		if p, err = x.w.past(ctx, s, 0, x.l); err != nil {
			return err
		}
	}
	if x.stage != "" {
		return nil
	}
	x.stage, err = x.stageRows(ctx, func(try int) string { return s.attempt(p.next + try) })
	return err
}

// unmoved looks at the receipts again, after groups were waited for. Errors:
// errMoved when there are others than before.
func (x *loading) unmoved(ctx context.Context) error {
	done, err := x.look(ctx)
	if done != nil {
		err = errMoved
	}
	return err
}

// mark takes an attempt of the slot of a load that needs no job there, so that
// no group takes the slice while this load commits. Errors: errMoved.
func (x *loading) mark(ctx context.Context, s slot, p past) error {
	if x.l.Mode != warehouse.Replace || len(x.earlier.slice) > 0 || p.single {
		return nil // groups leave the slice alone
	}
	for try := range mostTries {
		id := s.attempt(p.next + try)
		job, err := x.w.submit(ctx, id, x.w.beginClaim(ctx, id, map[string]string{labelLoad: loadLabel(x.l.ID), labelCall: x.call}))
		switch {
		case errors.Is(err, errGone):
			continue
		case err == nil && !isCallOf(job, x.call):
			return errMoved
		}
		return err
	}
	return errMoved
}

// withdraw takes rows of a direct job out of the table again, when their load
// is not to be in force. Of other errors the next call makes good.
func (w *Warehouse) withdraw(ctx context.Context, l warehouse.Load, because error) error {
	if !errors.Is(because, warehouse.ErrConflict) && !errors.Is(because, warehouse.ErrCount) {
		return nil
	}
	t, err := w.ours(ctx, l.Table)
	if err != nil || t == nil {
		return err
	}
	p, err := loadParams(l, l.Receipt(l.ReadAt))
	if err != nil {
		return err
	}
	sql, err := text("load_delete", map[string]any{"Table": l.Table, "Filter": t.filter(l.Partitioned && t.daily())})
	if err != nil {
		return err
	}
	return w.repeat(ctx, sql, p)
}

// tidy removes staging tables. They vanish by themselves when it cannot.
func (x *loading) tidy(ctx context.Context) { x.w.dropStages(ctx, x.stages) }

// explainLoad turns the error of a load job into one of the contract: BigQuery
// tells in the text alone which column does not fit.
func (w *Warehouse) explainLoad(ctx context.Context, table string, err error) error {
	if err == nil || ctx.Err() != nil {
		return w.explain(ctx, "", err)
	}
	msg := messageOf(err)
	for _, quote := range []struct{ before, after string }{
		{"Cannot add fields (field: ", ")"}, {"Field ", " has changed type"}, {"Parquet column '", "'"}, {"No such field: ", " "}, {"does not have the column ", " "},
	} {
		_, rest, ok := strings.Cut(msg, quote.before)
		if !ok {
			continue
		}
		column, _, _ := strings.Cut(rest, quote.after)
		return &warehouse.SchemaError{Table: table, Column: strings.TrimRight(column, "."), Reason: "the parts do not fit what the load says of them: " + msg}
	}
	if strings.Contains(msg, "torage") && (strings.Contains(msg, "ccess Denied") || strings.Contains(msg, "does not have")) {
		return w.explain(ctx, "storage.objects.get", err)
	}
	return w.explain(ctx, "bigquery.tables.updateData", err)
}
