package bigquery

import (
	"context"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// partition is the id of the day's partition in a job's destination.
const partition = "$20060102"

// direct reports whether one load job may put the rows into the table itself:
// all of them at once, with nothing to remove that the job does not replace.
func (x *loading) direct() bool {
	if x.l.Mode != warehouse.Replace || x.l.RowsLoaded == 0 || len(x.inexact()) > 0 || x.hasDecimals() || len(units(x.l.Parts)) != 1 {
		return false
	}
	if len(x.earlier.slice) > 0 && !x.replaces() {
		return false
	}
	if x.l.Parts[0].Path != "" && len(x.l.Parts) == 1 {
		return true // it can be read here, which costs less than a transaction
	}
	var size int64
	for _, p := range x.l.Parts {
		size += p.Size
	}
	return onGoogle(x.l.Parts[0]) && size >= x.w.directFrom
}

// inPartition reports whether the slice's rows are all in the partition of its day.
func (x *loading) inPartition() bool {
	return x.l.Partitioned && !x.l.Day.IsZero() && x.table.daily()
}

// replaces reports whether a job may replace the partition of the day: an older
// revision is in it, and no other slice. The loader knows the streams of one
// pipeline, and others may load into the table too, so the receipts are asked.
func (x *loading) replaces() bool {
	return x.inPartition() && len(x.earlier.slice) > 0 && x.earlier.beside == 0
}

// prove makes sure that rows and quarantine are those of the load, before a
// job makes them visible.
func (x *loading) prove(ctx context.Context) error {
	if x.aside != "" {
		if err := x.checkAlone(ctx, "quarantine_check", x.aside); err != nil {
			return err
		}
	}
	if p := x.l.Parts[0]; p.Path != "" && len(x.l.Parts) == 1 {
		return x.proveLocal(ctx, p.Path)
	}
	var err error
	if x.stage, err = x.newStage(ctx, x.l.Table, x.l.Columns, x.l.Parts, nil); err != nil {
		return err
	}
	return x.checkAlone(ctx, "stage_check", x.stage)
}

// checkAlone runs one of the checks of the transaction by itself.
func (x *loading) checkAlone(ctx context.Context, name, stage string) error {
	p, err := loadParams(x.l, x.l.Receipt(x.l.ReadAt))
	if err != nil {
		return err
	}
	err = x.w.ask(ctx, name, map[string]any{"Stage": stage}, p, func(row) error { return nil })
	if err == nil {
		return nil
	}
	return x.explainCommit(ctx, err)
}

// putDirect loads the rows into the table, in one job of the slot's first
// attempt. It reports whether they are there, as many as they should be; false
// without an error is for the transaction to make good.
func (x *loading) putDirect(ctx context.Context, id string) (bool, error) {
	dst, write := x.w.table(x.l.Table), bq.WriteAppend
	if x.replaces() {
		dst, write = x.w.table(x.l.Table+x.l.Day.Format(partition)), bq.WriteTruncate
	}
	x.tried = true
	job, err := x.w.submit(ctx, id, x.w.beginLoad(ctx, id, units(x.l.Parts)[0], func(c *bq.LoadConfig) {
		c.Dst, c.WriteDisposition = dst, write
		c.Labels = x.w.labels(map[string]string{labelLoad: loadLabel(x.l.ID), labelCall: x.call})
	}, x.table.Schema))
	if err == nil && groupOf(job) != "" {
		return false, errMoved // a group has claimed the slice meanwhile
	}
	if err == nil && !isCallOf(job, x.call) {
		_, err = x.w.wait(ctx, job) // another process was faster
		return false, err
	}
	var statistics *bq.JobStatistics
	if err == nil {
		statistics, err = x.w.finish(ctx, job)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	rows := outputRows(statistics)
	if err != nil || rows != x.l.RowsLoaded {
		x.w.cfg.Log.Warn("a load job went wrong; loading in a transaction", "load", x.l.ID, "rows", rows, "want", x.l.RowsLoaded, "err", err)
		return false, nil
	}
	return true, nil
}
