package bigquery

import (
	"context"
	"fmt"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// Check tries each right that loading needs, one after the other: to see the
// dataset, to create a table, to load into it, to query it and to drop it; and
// where the stage is a bucket, whether BigQuery may read there. It leaves
// nothing behind. The error says which right is missing, and which role has it.
func (w *Warehouse) Check(ctx context.Context) error {
	if err := w.check(ctx); err != nil {
		return fmt.Errorf("bigquery: check: %w", err)
	}
	return nil
}

func (w *Warehouse) check(ctx context.Context) error {
	if _, err := w.place(ctx); err != nil {
		return err
	}
	if err := w.checkClock(ctx); err != nil {
		return err
	}
	if _, err := w.known(ctx); err != nil {
		return err
	}
	x := &loading{w: w, call: fresh("c")}
	defer x.tidy(ctx)
	columns := textColumns("word")
	stage, err := x.newStage(ctx, "of the check", columns, writtenParts(columns, 1, func(b *array.RecordBuilder, _ int) error {
		b.Field(0).(*array.StringBuilder).Append("tapline")
		return nil
	}), nil)
	if err != nil {
		return err
	}
	n, err := w.number(ctx, "check", map[string]any{"Stage": stage}, nil)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%w: a row was loaded, and %d are there", warehouse.ErrCount, n)
	}
	return w.checkStage(ctx, stage)
}

// checkStage has BigQuery load an object that does not exist from the bucket of
// the stage: it says so only to who may read there.
func (w *Warehouse) checkStage(ctx context.Context, table string) error {
	if !strings.HasPrefix(w.cfg.Stage, "gs://") {
		return nil
	}
	uri := strings.TrimRight(w.cfg.Stage, "/") + "/" + fresh("tapline-check-") + ".parquet"
	id := fresh("tapline_s_")
	job, err := w.submit(ctx, id, w.beginLoad(ctx, id, unit{uris: []string{uri}}, func(c *bq.LoadConfig) {
		c.Dst, c.WriteDisposition, c.Labels = w.table(table), bq.WriteAppend, w.labels(nil)
	}, nil))
	if err == nil {
		_, err = w.finish(ctx, job)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	reason, _ := reasonOf(err)
	if reason == "accessDenied" || strings.Contains(messageOf(err), "ccess Denied") {
		return fmt.Errorf("%w: BigQuery may not read the stage %s: %s: %w", warehouse.ErrUnauthorized, w.cfg.Stage, w.role("storage.objects.get"), err)
	}
	if reason == "notFound" || strings.Contains(messageOf(err), "Not found") {
		return nil
	}
	return w.explain(ctx, "storage.objects.get", err)
}

// mostSkew is how far this machine's clock may be from Google's. Google refuses
// tokens made by clocks that are further off.
const mostSkew = 5 * time.Minute

// checkClock compares the clock with that of the dataset's newest job.
func (w *Warehouse) checkClock(ctx context.Context) error {
	sql, err := text("clock", nil)
	if err != nil {
		return err
	}
	var theirs time.Time
	before := w.cfg.Now()
	err = w.read(ctx, sql, nil, nil, func(values []bq.Value) error {
		r := row{values: values}
		theirs = r.time()
		return r.err
	})
	after := w.cfg.Now()
	if err != nil {
		return err
	}
	if theirs.Before(before.Add(-mostSkew)) || theirs.After(after.Add(mostSkew)) {
		return fmt.Errorf("%w: this machine's clock says %s, Google's %s; set it right (NTP): receipts and tokens carry its time",
			warehouse.ErrUnauthorized, after.UTC().Format(time.RFC3339), theirs.Format(time.RFC3339))
	}
	return nil
}
