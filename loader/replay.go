package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/warehouse"
)

// replayChunk is how many quarantine entries are worked on at once.
const replayChunk = 10_000

// replay takes the loads one by one, and each load's entries in chunks.
func (l *Loader) replay(ctx context.Context, f warehouse.Filter) (moved, left int64, err error) {
	q, ok := l.cfg.Warehouse.(warehouse.Quarantine)
	if !ok {
		return 0, 0, errors.New("loader: replay: the warehouse gives no access to its quarantine")
	}
	held, release, err := l.shelf.hold(ctx, l.cfg.Pipeline, l.now)
	if err != nil {
		return 0, 0, err
	}
	defer release()
	tasks, err := l.replayTasks(held)
	if err != nil {
		return 0, 0, err
	}
	receipts, err := l.receipts(held)
	if err != nil {
		return 0, 0, err
	}
	for _, r := range receipts {
		if f.Load != "" && f.Load != r.ID || r.RowsQuarantined+r.CellsQuarantined == 0 {
			continue
		}
		one := f
		one.Pipeline, one.Load = l.cfg.Pipeline, r.ID
		m, n, err := l.replayLoad(held, q, one, r, tasks[r.Stream])
		moved, left = moved+m, left+n
		if err != nil {
			return moved, left, err
		}
	}
	return moved, left, nil
}

// replayTasks returns what is configured for each stream.
func (l *Loader) replayTasks(ctx context.Context) (map[string]*task, error) {
	streams, err := l.cfg.Source.Streams(ctx)
	if err != nil {
		return nil, err
	}
	tasks := map[string]*task{}
	for _, s := range streams {
		if tasks[s.Name], err = l.newTask(s); err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

// replayLoad goes through one load's entries. The warehouse is not asked while
// it is written to: a chunk is read whole first.
func (l *Loader) replayLoad(ctx context.Context, q warehouse.Quarantine, f warehouse.Filter, r warehouse.Receipt, t *task) (moved, left int64, err error) {
	for {
		chunk, err := entriesFrom(ctx, q, f)
		if err != nil || len(chunk) == 0 {
			return moved, left, err
		}
		if t == nil {
			left += int64(len(chunk)) // the stream is no longer configured
		} else {
			n, err := l.replayChunk(ctx, q, r, t, chunk)
			moved, left = moved+n, left+int64(len(chunk))-n
			if err != nil {
				return moved, left, err
			}
		}
		f.FromRow = chunk[len(chunk)-1].Row + 1
	}
}

// entriesFrom reads about replayChunk entries, whole rows of the load at a time.
func entriesFrom(ctx context.Context, q warehouse.Quarantine, f warehouse.Filter) ([]warehouse.Entry, error) {
	var chunk []warehouse.Entry
	for e, err := range q.Quarantined(ctx, f) {
		if err != nil {
			return nil, err
		}
		if len(chunk) >= replayChunk && chunk[len(chunk)-1].Row != e.Row {
			break
		}
		chunk = append(chunk, e)
	}
	return chunk, nil
}

// replayChunk moves what can be read and held now, and returns how much.
func (l *Loader) replayChunk(ctx context.Context, q warehouse.Quarantine, r warehouse.Receipt, t *task, chunk []warehouse.Entry) (int64, error) {
	have, err := l.cfg.Warehouse.Table(ctx, r.Table)
	if err != nil {
		return 0, err
	}
	am := warehouse.Amendment{Load: r.ID, Table: r.Table}
	am.Cells = replayCells(have, chunk)
	if err := l.replayRows(ctx, &am, r, t, have, chunk); err != nil {
		return 0, err
	}
	n := int64(len(am.Cells) + len(am.Rows))
	if n == 0 {
		return 0, nil
	}
	_, err = q.Amend(ctx, am)
	removeErr := l.removeReplayed(ctx, am)
	if err != nil {
		return 0, err
	}
	return n, removeErr
}

// replayCells types the cells again, by the table's columns as they are now.
func replayCells(have warehouse.Table, chunk []warehouse.Entry) []warehouse.Cell {
	var cells []warehouse.Cell
	for _, e := range chunk {
		i := slices.IndexFunc(have.Columns, func(c warehouse.Column) bool {
			return c.Name == e.Column || c.Source != "" && c.Source == e.Source
		})
		if e.Column == "" || i < 0 {
			continue
		}
		if v, err := parseCell(plainText(e.Raw), have.Columns[i].Type); err == nil {
			cells = append(cells, warehouse.Cell{Row: e.Row, Column: have.Columns[i].Name, Value: v})
		}
	}
	return cells
}

// plainText takes the quotes off a JSON string: a source keeps a cell as the
// vendor sent it, the loader as canonical text.
func plainText(raw string) string {
	if strings.HasPrefix(raw, `"`) {
		if s, err := strconv.Unquote(raw); err == nil {
			return s
		}
	}
	return raw
}

// replayRows has the source read whole rows again and stages those that are
// readable now, in the table's own columns.
func (l *Loader) replayRows(ctx context.Context, am *warehouse.Amendment, r warehouse.Receipt, t *task, have warehouse.Table, chunk []warehouse.Entry) error {
	source, ok := l.cfg.Source.(exporter.Replayer)
	var raw []string
	var places []int64
	for _, e := range chunk {
		if e.Column == "" {
			raw, places = append(raw, e.Raw), append(places, e.Row)
		}
	}
	if !ok || len(raw) == 0 {
		return nil
	}
	slice := exporter.Slice{Stream: t.stream, Name: r.Slice[len(l.sliceID(r.Stream, "")):], Revision: r.Revision}
	if !r.Day.IsZero() {
		slice.Day = exporter.DayOf(r.Day.UTC())
	}
	// A shape that only fits the table as it is: replay adds no column.
	frozen := *t
	frozen.target.Contract = Freeze
	s := &stager{l: l, t: &frozen, m: &manifest{Table: r.Table, Stream: r.Stream, Slice: slice.Name, Load: r.ID, ReadAt: r.ReadAt}}
	done := int64(0)
	for b, err := range source.Replay(ctx, slice, raw) {
		if err != nil {
			return err
		}
		if err := s.replayBatch(ctx, am, have, b, places[done:done+b.Rows]); err != nil {
			return err
		}
		done += b.Rows
	}
	return nil
}

// replayBatch stages the rows of a batch that fit the table whole; one with a
// cell that does not stays in quarantine as it is.
func (s *stager) replayBatch(ctx context.Context, am *warehouse.Amendment, have warehouse.Table, b exporter.Batch, places []int64) error {
	record, kinds, rejects := s.t.rules.apply(s.l.mem, b)
	if record == nil || record.NumRows() == 0 {
		return nil
	}
	defer record.Release()
	held := map[string]exporter.Kinds{}
	for i, f := range record.Schema().Fields() {
		held[f.Name] |= kinds[i]
	}
	f, err := shape(s.t, have, true, held, allColumns(have))
	if err != nil {
		return err
	}
	bad := map[int64]bool{}
	for _, r := range rejects {
		bad[places[r.Row]] = true
	}
	rows := ordinals(0, b.Rows, rejects)
	for i := range rows {
		rows[i] = places[rows[i]]
	}
	full := s.l.withSystem(record, s.m, rows, &s.constants)
	defer full.Release()
	var as schema
	for i, field := range record.Schema().Fields() {
		as = append(as, stagedColumn{field.Name, field.Name, warehouse.TypeName(record.Column(i).DataType())})
	}
	fitted, found := s.refit(full, as, kinds, f)
	defer fitted.Release()
	for _, e := range found {
		bad[e.Row] = true
	}
	good, err := keepRows(s.l.mem, fitted, func(i int) bool { return !bad[rows[i]] })
	if err != nil {
		return fmt.Errorf("loader: replay: %w", err)
	}
	defer good.Release()
	if good.NumRows() == 0 {
		return nil
	}
	o, err := s.put(ctx, "-replay", good)
	if err != nil {
		return err
	}
	am.Columns = nil
	for _, field := range good.Schema().Fields() {
		am.Columns = append(am.Columns, warehouse.Column{Name: field.Name, Type: field.Type})
	}
	am.Parts = append(am.Parts, s.l.part(o, good.NumRows()))
	for _, row := range rows {
		if !bad[row] {
			am.Rows = append(am.Rows, row)
		}
	}
	return nil
}

// allColumns marks every column as one that may not be widened.
func allColumns(t warehouse.Table) map[string]bool {
	all := map[string]bool{}
	for _, c := range t.Columns {
		all[c.Name] = true
	}
	return all
}

func (l *Loader) removeReplayed(ctx context.Context, am warehouse.Amendment) error {
	var names []string
	for _, p := range am.Parts {
		names = append(names, p.Name)
	}
	if err := l.cfg.Stage.Remove(context.WithoutCancel(ctx), names...); err != nil {
		return fmt.Errorf("loader: replay: %w", err)
	}
	return nil
}
