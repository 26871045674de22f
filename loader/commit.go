package loader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tapline/objstore"
	"tapline/warehouse"
)

// A job is a task on its way through a run.
type job struct {
	*stager
	line  *line
	began time.Time
	ready bool  // staged, or failed
	more  bool  // the next load of the table is ready too
	err   error // why it is not loaded
	reading
}

// prepare shapes a staged slice to its table, and describes the load. Only one job
// of a table is here at a time.
func (j *job) prepare(ctx context.Context) (fitted, error) {
	if err := ctx.Err(); err != nil {
		return fitted{}, context.Cause(ctx)
	}
	f, err := j.shapeAndFit(ctx)
	if err != nil {
		return fitted{}, err
	}
	load, err := j.load(ctx, f)
	return fitted{j, f, load}, err
}

// done notes that a job is loaded, and clears its stage.
func (f fitted) done(ctx context.Context, r warehouse.Receipt) {
	j := f.job
	j.l.loaded(j, r, f.fit)
	j.guess.settle(f.fit.table.Columns)
	j.made = nil
	if err := j.l.shelf.remove(context.WithoutCancel(ctx), j.m); err != nil {
		// The load stands. The next run finds the receipt and sweeps.
		j.l.log.Warn("staged parts stay behind", "stream", j.m.Stream, "slice", j.m.Slice, "err", err)
	}
}

// shapeAndFit settles the columns, writes again the parts that do not have
// them, and makes the table able to hold them: last, because a load that is
// over its limit must not decide what the table looks like.
//
// A widening that the stored values forbid is taken back; then the values that
// need it go to quarantine instead.
func (j *job) shapeAndFit(ctx context.Context) (fit, error) {
	began := time.Now()
	defer func() { j.l.spent(&j.l.shapeTime, began) }()
	have, err := j.l.cfg.Warehouse.Table(ctx, j.t.table)
	exists := err == nil
	if err != nil && !errors.Is(err, warehouse.ErrNotExist) {
		return fit{}, err
	}
	narrow := map[string]bool{}
	for {
		f, err := shape(j.t, have, exists, j.kinds(), narrow)
		if err != nil {
			return fit{}, err
		}
		cells, err := j.conform(ctx, f)
		if err != nil {
			return fit{}, err
		}
		if f.alters() || cells > 0 { // whether it may depends on those before it
			paused := time.Now()
			j.line.load(ctx)
			began = began.Add(time.Since(paused))
		}
		if err := j.checkHeld(f, cells); err != nil {
			return fit{}, err
		}
		if err := j.checkLimit(); err != nil {
			return fit{}, err
		}
		if exists && sameColumns(f.table.Columns, have.Columns) {
			return f, nil
		}
		err = j.l.cfg.Warehouse.Ensure(ctx, f.table)
		if column := f.refused(err); column != "" {
			narrow[column] = true
			continue
		}
		return f, err
	}
}

// checkHeld keeps a load behind a failed slice from deciding what columns the
// table has: that is the failed one's to decide, in any order of runs.
func (j *job) checkHeld(f fit, cells int64) error {
	switch {
	case !j.line.failed:
		return nil
	case f.alters():
		return fmt.Errorf("loader: slice %s: %w: it would change the columns of table %s", j.m.Slice, ErrHeld, j.t.table)
	case cells > 0:
		return fmt.Errorf("loader: slice %s: %w: it holds values that the columns of table %s cannot", j.m.Slice, ErrHeld, j.t.table)
	}
	return nil
}

func sameColumns(a, b []warehouse.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type.ID() != b[i].Type.ID() {
			return false
		}
	}
	return true
}

// checkLimit fails a load with more quarantined rows than the target allows.
func (j *job) checkLimit() error {
	bad, read, causes := j.tally()
	limit := j.t.target.MaxQuarantined
	if limit.Rows > 0 && bad > limit.Rows || limit.Share > 0 && float64(bad) > limit.Share*float64(read) {
		return fmt.Errorf("loader: slice %s of %s: %w: %d of %d rows have something that cannot be read or held, and max_quarantined allows %s; most often %s",
			j.m.Slice, j.m.Stream, ErrLimit, bad, read, limit, most(causes, 3))
	}
	return nil
}

// most names the n most frequent causes.
func most(causes map[string]int64, n int) string {
	names := slices.SortedFunc(maps.Keys(causes), func(a, b string) int {
		return cmp.Or(cmp.Compare(causes[b], causes[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, causes[name])
	}
	return strings.Join(names[:min(n, len(names))], ", ")
}

// String is the limit as the configuration writes it.
func (l Limit) String() string {
	if l.Share > 0 {
		return fmt.Sprintf("%g%%", l.Share*100)
	}
	return fmt.Sprint(l.Rows)
}

// load describes the load to the warehouse.
func (j *job) load(ctx context.Context, f fit) (warehouse.Load, error) {
	m := j.m
	where, err := j.located(ctx)
	if err != nil {
		return warehouse.Load{}, err
	}
	load := warehouse.Load{
		ID: m.Load, Pipeline: j.l.cfg.Pipeline, Table: m.Table, Stream: m.Stream, Slice: j.l.sliceID(m.Stream, m.Slice),
		Revision: m.Revision, Run: j.l.cfg.Run, ReadAt: m.ReadAt, Mode: j.t.mode(), More: j.more,
	}
	if !m.Day.IsZero() {
		load.Day = m.Day.Start(time.UTC)
		load.Partitioned = j.t.partitioned()
	}
	for _, c := range f.columns {
		if !c.frozen {
			load.Columns = append(load.Columns, warehouse.Column{Name: c.name, Type: c.typ, Source: c.source})
		}
	}
	load.Columns = append(load.Columns, systemColumns()...)
	if err := j.t.setKey(&load, f); err != nil {
		return load, err
	}
	if j.pulled != nil {
		j.loadPulled(&load)
		return load, nil
	}
	for i, p := range m.Shaped.Parts {
		load.RowsRead += m.Parts[i].Read
		load.BytesRead += m.Parts[i].Bytes
		if p.Object.Name != "" {
			load.RowsLoaded += p.Rows
			load.Parts = append(load.Parts, j.l.part(where[p.Object.Name], p.Rows))
		}
		if r := p.Rejects; r != nil {
			load.RowsQuarantined += r.Rows
			load.CellsQuarantined += r.Cells
			load.Quarantine = append(load.Quarantine, j.l.part(where[r.Object.Name], r.Rows+r.Cells))
		}
	}
	return load, nil
}

// located returns the load's objects as the stage has them, by name. The stage
// is asked when an earlier run wrote some of them.
func (s *stager) located(ctx context.Context) (map[string]objstore.Object, error) {
	objects := s.m.objects()
	known := 0
	for name := range objects {
		if _, ok := s.made[name]; ok {
			known++
		}
	}
	if known == len(objects) {
		return s.made, nil
	}
	where := map[string]objstore.Object{}
	for o, err := range s.l.cfg.Stage.List(ctx, s.l.shelf.dir(s.m)) {
		if err != nil {
			return nil, fmt.Errorf("loader: stage: %w", err)
		}
		where[o.Name] = o
	}
	for name := range objects {
		if _, ok := where[name]; !ok {
			return nil, fmt.Errorf("loader: slice %s: %s is gone from the stage: %w", s.m.Slice, name, objstore.ErrNotExist)
		}
	}
	return where, nil
}

// part describes an object of the stage to the warehouse.
func (l *Loader) part(o objstore.Object, rows int64) warehouse.Part {
	return warehouse.Part{
		Name: o.Name, URL: o.URL, Path: o.Path, Rows: rows, Size: o.Size,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return l.cfg.Stage.Open(ctx, o, 0) },
	}
}
