package main

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"tapline/config"
	"tapline/exporter"
	"tapline/loader"
	"tapline/objstore"
	"tapline/warehouse"
)

// A flow is a pipeline whose ends are open.
type flow struct {
	source    exporter.Source
	warehouse warehouse.Warehouse
	estimator warehouse.Estimator // nil when the warehouse is none
	stage     objstore.Store
	config    loader.Config // without Run and Observe
	closers   []io.Closer
}

// open makes the source, the warehouse and the stage of a pipeline, and what
// the loader has to know.
func (p *project) open(ctx context.Context, pl config.Pipeline) (*flow, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	f := &flow{}
	err := p.openInto(ctx, f, pl)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (p *project) openInto(ctx context.Context, f *flow, pl config.Pipeline) (err error) {
	var asked warehouse.Warehouse // before it has faults, like the estimator
	o := sourceOptions{query: textsOf(func() (warehouse.Warehouse, func() error, error) {
		return asked, func() error { return nil }, nil
	})}
	if f.source, err = p.openSource(ctx, pl.From, pl.Streams, o); err != nil {
		return err
	}
	if c, ok := f.source.(io.Closer); ok {
		f.closers = append(f.closers, c)
	}
	if f.warehouse, err = p.warehouse(pl.To); err != nil {
		return err
	}
	if c, ok := f.warehouse.(io.Closer); ok {
		f.closers = append(f.closers, c)
	}
	asked = f.warehouse
	f.estimator, _ = f.warehouse.(warehouse.Estimator)
	f.warehouse = faultyWarehouse(f.warehouse)
	stage, err := p.stage(ctx)
	if err != nil {
		return err
	}
	f.closers = append(f.closers, stage)
	f.stage = faultyStore("stage", stage)
	f.config, err = p.loaderConfig(pl)
	f.config.Source, f.config.Warehouse, f.config.Stage = faultySource(f.source), f.warehouse, f.stage
	return err
}

func (f *flow) close() error {
	var errs []error
	for _, c := range f.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// closing closes a flow whose work is done: what fails then is worth a warning.
func (a *app) closing(f *flow) {
	if err := f.close(); err != nil {
		a.warn(err.Error())
	}
}

// source opens the pipeline's source. batchRows 0 leaves the size of batches
// to the source.
func (p *project) source(ctx context.Context, pl config.Pipeline, batchRows int) (exporter.Source, error) {
	return p.openSource(ctx, pl.From, pl.Streams, sourceOptions{batchRows: batchRows, query: textsOf(p.lending(pl.To))})
}

// lending opens a warehouse for each query.
func (p *project) lending(name string) lender {
	return func() (warehouse.Warehouse, func() error, error) {
		w, err := p.warehouse(name)
		if c, ok := w.(io.Closer); ok && err == nil {
			return w, c.Close, nil
		}
		return w, func() error { return nil }, err
	}
}

// sourceOf opens a source that no pipeline reads.
func (p *project) sourceOf(ctx context.Context, name string, entries []config.StreamEntry, batchRows int) (exporter.Source, error) {
	return p.openSource(ctx, name, entries, sourceOptions{batchRows: batchRows})
}

// openSource opens a source; o has its query and the size of batches.
func (p *project) openSource(ctx context.Context, name string, entries []config.StreamEntry, o sourceOptions) (exporter.Source, error) {
	c, err := p.connection(name)
	if err != nil {
		return nil, err
	}
	kind, err := findKind(sources(), c, "reading")
	if err != nil {
		return nil, err
	}
	if o.batchRows == 0 {
		o.batchRows = faultyBatchRows()
	}
	o.ctx, o.log, o.common = ctx, p.a.log, p.common
	o.batchBytes = loader.BatchBytes(int64(p.cfg.Settings.Memory))
	return kind.open(c, entries, o)
}

func (p *project) warehouse(name string) (warehouse.Warehouse, error) {
	c, err := p.connection(name)
	if err != nil {
		return nil, err
	}
	kind, err := findKind(warehouses(), c, "loading into")
	if err != nil {
		return nil, err
	}
	return kind.open(c, warehouseOptions{log: p.a.log, settings: p.cfg.Settings})
}

// concurrency is how many slices of the pipeline are read at once.
func (p *project) concurrency(pl config.Pipeline) int {
	if pl.Concurrency > 0 {
		return pl.Concurrency
	}
	return p.cfg.Settings.Concurrency
}

// loaderConfig says to the loader what the configuration says of the pipeline.
func (p *project) loaderConfig(pl config.Pipeline) (loader.Config, error) {
	window, err := windowOf(pl)
	if err != nil {
		return loader.Config{}, err
	}
	c := loader.Config{
		Pipeline: pl.Name, Window: window, Lookback: int(pl.Lookback), Log: p.a.log,
		Concurrency: p.concurrency(pl), Memory: int64(p.cfg.Settings.Memory), Codec: p.cfg.Settings.Codec,
	}
	for _, e := range pl.Streams {
		t, err := targetOf(pl, e)
		if err != nil {
			return loader.Config{}, err
		}
		if t.Expect, err = p.expect(pl, e); err != nil {
			return loader.Config{}, err
		}
		if t.Pull, err = p.pulls(pl, e); err != nil {
			return loader.Config{}, err
		}
		c.Targets = append(c.Targets, t)
	}
	return c, nil
}

// expect says when the entry's files should come, in the time zone of the
// connection that they come from.
func (p *project) expect(pl config.Pipeline, e config.StreamEntry) (x loader.Expect, err error) {
	if e.Expect == nil {
		return x, nil
	}
	c, err := p.connection(pl.From)
	if err != nil {
		return x, err
	}
	if kind := sources()[c.Type]; !kind.objects || e.Expect.Every <= 0 {
		return x, e.Errorf("expect", "is for files: want every: longer than nothing, and a connection of a bucket")
	}
	x.Every = e.Expect.Every
	x.By, x.HasBy = e.Expect.Clock()
	if x.Zone, err = time.LoadLocation(c.Timezone); err != nil {
		return x, c.Errorf("timezone", "%v", err)
	}
	return x, nil
}

// pulls reports whether the entry's warehouse reads the objects itself.
func (p *project) pulls(pl config.Pipeline, e config.StreamEntry) (bool, error) {
	if e.Via == "" {
		return false, nil
	}
	from, err := p.connection(pl.From)
	if err != nil {
		return false, err
	}
	to, err := p.connection(pl.To)
	switch {
	case err != nil:
		return false, err
	case !sources()[from.Type].objects:
		return false, e.Errorf("via", "is %s, and %s, which is of type %s, has no objects that a warehouse could read; take via: out", e.Via, from.Name, from.Type)
	case to.Type != e.Via:
		return false, e.Errorf("via", "is %s, and the pipeline loads into %s, which is of type %s; take via: out, or load into a connection of type %s",
			e.Via, to.Name, to.Type, e.Via)
	}
	return true, nil
}

// closeSource closes what was opened to read it. What fails then is worth a
// warning.
func (p *project) closeSource(s exporter.Source) {
	if c, ok := s.(io.Closer); ok {
		if err := c.Close(); err != nil {
			p.a.warn(err.Error())
		}
	}
}

func windowOf(pl config.Pipeline) (w exporter.Window, err error) {
	for _, end := range []struct {
		key, text string
		day       *exporter.Day
	}{{"since", pl.Since, &w.Since}, {"until", pl.Until, &w.Until}} {
		if err := end.day.UnmarshalText([]byte(end.text)); err != nil {
			return w, pl.Errorf(end.key, "%v", err)
		}
	}
	return w, nil
}

func targetOf(pl config.Pipeline, e config.StreamEntry) (loader.Target, error) {
	t := loader.Target{
		Table: e.Table, Mode: warehouse.Mode(e.Mode), Key: e.Key,
		Contract: loader.Contract(e.Contract), Cluster: e.Cluster,
	}
	if e.History {
		t.Mode = warehouse.History
	}
	if m := e.MaxQuarantined; m != nil {
		t.MaxQuarantined = loader.Limit{Rows: m.Rows, Share: m.Share}
		if t.MaxQuarantined == (loader.Limit{}) {
			// To the loader 0 is no limit; here it is written, and lets none pass.
			t.MaxQuarantined.Share = math.SmallestNonzeroFloat64
		}
	}
	for _, r := range pl.Rules(e) {
		rule := loader.ColumnRule{From: r.From, Rename: r.Rename, Type: r.Type, Drop: r.Drop, Hash: r.Hash}
		if r.Hash == "hmac-sha256" {
			key, err := r.HashKey.Resolve()
			if err != nil {
				return t, err
			}
			rule.HashKey = []byte(key.Reveal())
		}
		t.Columns = append(t.Columns, rule)
	}
	return t, nil
}
