package loader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tapline/exporter"
	"tapline/warehouse"
)

// ErrVia says that a stream is to be read by the warehouse itself, and something
// that is asked of the stream does not go together with that.
var ErrVia = errors.New("via")

// A slice of a stream with Via is read by the warehouse: pulled, in the time of
// staging; sifted, by what the source says of its columns; and fitted to its
// table where others conform. Nothing of it is on the stage but a manifest
// without parts: a run that dies leaves a slice that is begun, and the next one
// has it pulled again, which costs nothing that anybody sees.

// via finds out whether the task's slice is to be read by the warehouse. One
// that an earlier run began to read here is gone on with here.
func (l *Loader) via(j *job) (exporter.Locator, warehouse.Puller, error) {
	if !j.t.target.Pull || len(j.m.Parts) > 0 || j.m.Complete {
		return nil, nil, nil
	}
	return l.ends(j.t)
}

// ends are who locates and who reads the slices of a stream with Via.
func (l *Loader) ends(t *task) (exporter.Locator, warehouse.Puller, error) {
	where, ok := l.cfg.Source.(exporter.Locator)
	if !ok {
		return nil, nil, t.notVia("what this source gives can be read by tapline alone")
	}
	puller, ok := l.cfg.Warehouse.(warehouse.Puller)
	if !ok {
		return nil, nil, t.notVia("this warehouse reads no objects by itself")
	}
	return where, puller, t.checkVia()
}

// checkVia refuses what only reading here can do.
func (t *task) checkVia() error {
	if mode := t.mode(); mode != warehouse.Replace && mode != warehouse.Snapshot {
		return t.notVia(fmt.Sprintf("mode %s needs the order of a file's rows, which the warehouse does not tell", mode))
	}
	for _, rule := range t.rules.by {
		if rule.Hash == "hmac-sha256" && !rule.Drop {
			return t.notVia(fmt.Sprintf("column %q is to be hashed with a key, which the warehouse is not to know", rule.From))
		}
	}
	return nil
}

func (t *task) notVia(why string) error {
	return fmt.Errorf("loader: stream %s: %w: %s; take via: out", t.stream.Name, ErrVia, why)
}

// stage makes the slice durable: on the stage, or in the warehouse's own keeping.
func (j *job) stage(ctx context.Context) error {
	where, puller, err := j.l.via(j)
	if err != nil {
		return err
	}
	if puller == nil {
		return j.stager.stage(ctx)
	}
	began := time.Now()
	defer j.l.spent(&j.l.readTime, began)
	return j.pullSlice(ctx, where, puller)
}

// pullSlice has the warehouse read the slice's revision. A database cannot be told to
// read this generation and no other, so the source is asked before and after.
func (j *job) pullSlice(ctx context.Context, where exporter.Locator, puller warehouse.Puller) error {
	at, err := where.Locate(ctx, j.t.slice)
	if err != nil {
		return err
	}
	p, err := puller.Pull(ctx, objectAt(at))
	if _, moved := where.Locate(ctx, j.t.slice); errors.Is(moved, exporter.ErrReplaced) || err == nil && moved != nil {
		puller.Drop(context.WithoutCancel(ctx), p)
		return moved
	}
	if err != nil {
		return err
	}
	j.pulled, j.puller = &p, puller
	var columns []exporter.LocatedColumn
	s := warehouse.Sieve{Load: j.m.Load, Slice: j.l.sliceID(j.m.Stream, j.m.Slice), Table: j.m.Table, ReadAt: j.m.ReadAt}
	if columns, err = at.Columns(ctx, exporter.Found{Records: p.Records, First: p.First, Keys: p.Keys}); err != nil {
		return err
	}
	j.taken = nil
	for _, c := range columns {
		if rule := j.t.rules.by[c.Name]; !rule.Drop {
			s.Columns = append(s.Columns, sifted(c, rule))
			j.taken = append(j.taken, c)
		}
	}
	*j.pulled, err = puller.Sift(ctx, p, s)
	return err
}

// objectAt is a located object as a warehouse is to read it.
func objectAt(at exporter.Location) warehouse.Object {
	return warehouse.Object{URL: at.URL, Format: at.Format, Packing: at.Packing, Zone: at.Zone, CSV: warehouse.ObjectCSV(at.CSV), Open: at.Open}
}

// sifted is a column as the warehouse is to read it.
func sifted(c exporter.LocatedColumn, rule ColumnRule) warehouse.PulledColumn {
	out := warehouse.PulledColumn{Source: c.Name, Field: c.Field, As: string(c.As), Hash: rule.Hash != ""}
	if c.Value != nil {
		out.Constant, out.Null, out.Text = true, c.Value.Null, c.Value.Text
	}
	return out
}

// kinds unites what the slice's columns hold, by vendor name.
func (j *job) kinds() map[string]exporter.Kinds {
	if j.pulled == nil {
		return j.m.kinds()
	}
	all := map[string]exporter.Kinds{}
	for i, c := range j.taken {
		k := kindsOf(j.pulled.Kinds[i])
		if j.pulled.Rows > j.pulled.Rejected {
			k |= c.Kinds // a column that is always there, whatever its cells
		}
		if k != 0 && j.t.rules.by[c.Name].Hash != "" {
			k = exporter.Text
		}
		all[c.Name] = k
	}
	return all
}

// kindsOf translates a warehouse's kinds.
func kindsOf(k warehouse.CellKinds) (out exporter.Kinds) {
	for _, pair := range []struct {
		from warehouse.CellKinds
		to   exporter.Kinds
	}{
		{warehouse.CellBool, exporter.Bool}, {warehouse.CellInt, exporter.Int}, {warehouse.CellLong, exporter.Long},
		{warehouse.CellFloat, exporter.Float}, {warehouse.CellDate, exporter.Date}, {warehouse.CellTime, exporter.Time},
		{warehouse.CellText, exporter.Text},
	} {
		if k&pair.from != 0 {
			out |= pair.to
		}
	}
	return out
}

// conform makes the slice fit its table; see stager.conform.
func (j *job) conform(ctx context.Context, f fit) (cells int64, err error) {
	if j.pulled == nil {
		return j.stager.conform(ctx, f)
	}
	if j.pulled.Rows == 0 {
		return 0, nil
	}
	var columns []warehouse.FitColumn
	for _, c := range j.taken {
		column := warehouse.FitColumn{Source: c.Name, Name: Name(c.Name)}
		if to, ok := f.column(c.Name); ok {
			column = warehouse.FitColumn{Source: c.Name, Name: to.name, Type: to.typ, Frozen: to.frozen}
		}
		columns = append(columns, column)
	}
	*j.pulled, err = j.puller.Fit(ctx, *j.pulled, columns)
	for _, c := range j.pulled.Causes {
		if c.Column != "" && (c.Reason == "value.type" || c.Reason == "column.frozen") {
			cells += c.Count
		}
	}
	return cells, err
}

// tally counts the rows that have something wrong, by causes.
func (j *job) tally() (bad, read int64, causes map[string]int64) {
	causes = map[string]int64{}
	if j.pulled != nil {
		for _, c := range j.pulled.Causes {
			causes[entry{Column: c.Column, Reason: c.Reason}.cause()] += c.Count
		}
		return j.pulled.Bad, j.pulled.Rows, causes
	}
	for i, p := range j.m.Shaped.Parts {
		read += j.m.Parts[i].Read
		if p.Rejects == nil {
			continue
		}
		bad += p.Rejects.Bad
		for cause, n := range p.Rejects.Causes {
			causes[cause] += n
		}
	}
	return bad, read, causes
}

// loadPulled describes what was pulled to the warehouse.
func (j *job) loadPulled(load *warehouse.Load) {
	p := j.pulled
	load.RowsRead, load.RowsQuarantined, load.CellsQuarantined, load.BytesRead = p.Rows, p.Rejected, p.Cells, p.Bytes
	load.RowsLoaded = p.Rows - p.Rejected
	if p.Rows > 0 {
		load.Pulled = p
	}
}

// drop removes what was pulled, loaded or not.
func (j *job) drop(ctx context.Context) {
	if j.pulled != nil {
		j.puller.Drop(context.WithoutCancel(ctx), *j.pulled)
		j.pulled = nil
	}
}

// progress describes how far the slice is.
func (j *job) progress(kind EventKind) Event {
	e := j.stager.progress(kind)
	if j.pulled != nil {
		e.Rows, e.Bytes, e.Quarantined = j.pulled.Rows, j.pulled.Bytes, j.pulled.Rejected
	}
	return e
}

// A reading is what a job has of a slice that the warehouse reads; zero = it is
// read here.
type reading struct {
	pulled *warehouse.Pulled
	puller warehouse.Puller
	taken  []exporter.LocatedColumn // those of the sieve
}
