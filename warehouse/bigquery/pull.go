package bigquery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// BigQuery reads an object by load jobs, which are free, into staging tables of
// its own. Statements make of these one with tapline's columns and the text of
// each field, c1, c2 and so on, whatever the format was: what the texts say, and
// what of it the columns of a table hold, is found out from there.

var _ warehouse.Puller = (*Warehouse)(nil)

// The places of Pulled.
const (
	placeAll   = "all"   // the object with its first record
	placeRest  = "rest"  // the object behind it
	placeSift  = "sift"  // records with their places
	placeAside = "aside" // what was put aside
)

// A puller reads objects of one format.
type puller interface {
	// check says why BigQuery cannot read the object, or nil.
	check(o warehouse.Object) error
	// load has BigQuery load the object, and fills in what Pull tells of it.
	load(ctx context.Context, p *warehouse.Pulled) error
	// sift makes the table at placeSift and counts the records put aside whole.
	sift(ctx context.Context, p *warehouse.Pulled) error
	// putAside adds those records to the table at placeAside.
	putAside(ctx context.Context, p *warehouse.Pulled) error
}

// format is what reads objects of a format; nil = nothing does.
func (w *Warehouse) format(name string) puller {
	switch name {
	case "csv":
		return csvPuller{w}
	case formatJSON:
		return jsonPuller{w}
	case formatParquet:
		return parquetPuller{w}
	}
	return nil
}

// pullerOf is what reads an object. Errors: warehouse.ErrPull.
func (w *Warehouse) pullerOf(o warehouse.Object) (puller, error) {
	format := w.format(o.Format)
	if format == nil {
		return nil, errUnpullable(o, fmt.Errorf("it is of the format %q", o.Format))
	}
	path, ok := strings.CutPrefix(o.URL, "gs://")
	if !ok || strings.ContainsAny(path, "*#") || strings.Contains(path, "//") {
		return nil, errUnpullable(o, errors.New("it has to be at gs://, and its name must be without * and # and //"))
	}
	if err := format.check(o); err != nil {
		return nil, errUnpullable(o, err)
	}
	return format, nil
}

// errUnpullable is what warehouse.ErrPull comes with.
func errUnpullable(o warehouse.Object, err error) error {
	return fmt.Errorf("%w: BigQuery does not load %s; take via: out, and tapline reads it and puts aside what cannot be read: %w", warehouse.ErrPull, o.URL, err)
}

// Pullable implements warehouse.Puller.
func (w *Warehouse) Pullable(o warehouse.Object) error {
	if _, err := w.pullerOf(o); err != nil {
		return fmt.Errorf("bigquery: pull %s: %w", o.URL, err)
	}
	return nil
}

// Pull has BigQuery load an object at gs:// into staging tables. It may be
// called again for the same object: each call makes tables of its own, so that
// no job's answer can be that of another call.
func (w *Warehouse) Pull(ctx context.Context, o warehouse.Object) (warehouse.Pulled, error) {
	p := warehouse.Pulled{Object: o, Places: map[string]string{}}
	err := w.pull(ctx, &p)
	if err != nil {
		w.Drop(ctx, p)
		return warehouse.Pulled{}, fmt.Errorf("bigquery: pull %s: %w", o.URL, err)
	}
	return p, nil
}

func (w *Warehouse) pull(ctx context.Context, p *warehouse.Pulled) error {
	format, err := w.pullerOf(p.Object)
	if err != nil {
		return err
	}
	return format.load(ctx, p)
}

// loadObject has a job load the object into a new staging table of the place,
// made as md says; src says how it is read.
func (w *Warehouse) loadObject(ctx context.Context, p *warehouse.Pulled, place string, md bq.TableMetadata, src *bq.GCSReference) (*bq.LoadStatistics, error) {
	md.Labels, md.ExpirationTime = w.labels(nil), time.Now().Add(stageLife)
	var pace pacing
	for try := 1; ; try++ {
		w.dropStages(ctx, named(p.Places[place]))
		name := fresh(stagePrefix)
		p.Places[place] = name
		statistics, err := w.loadInto(ctx, name, &md, src)
		switch {
		case err == nil:
			return statistics, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case isInvalid(err):
			return nil, errUnpullable(p.Object, err)
		case try == stageTries || !isPassing(err) && !errors.Is(err, errGone):
			return nil, w.explainLoad(ctx, name, err)
		}
		if err := pace.pause(ctx, w); err != nil {
			return nil, err
		}
	}
}

// isInvalid reports whether the content of a job's files is to blame.
func isInvalid(err error) bool {
	var failed *bq.Error
	return errors.As(err, &failed) && failed.Reason == "invalid"
}

// named is a list of one name, or of none.
func named(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func (w *Warehouse) loadInto(ctx context.Context, name string, md *bq.TableMetadata, src *bq.GCSReference) (*bq.LoadStatistics, error) {
	if err := w.createTable(ctx, name, md); err != nil && !isDuplicate(err) {
		return nil, err
	}
	id := fresh("tapline_p_")
	config, err := w.jobConfig(ctx, id)
	if err != nil {
		return nil, err
	}
	job, err := w.submit(ctx, id, func(ctx context.Context) (*bq.Job, error) {
		l := w.table(name).LoaderFrom(src)
		l.JobIDConfig, l.CreateDisposition, l.WriteDisposition, l.Labels = config, bq.CreateNever, bq.WriteAppend, w.labels(nil)
		if len(md.Schema) == 0 {
			inferring(l)
		}
		return l.Run(ctx)
	})
	if err != nil {
		return nil, err
	}
	statistics, err := w.finish(ctx, job)
	if err != nil {
		return nil, err
	}
	load, ok := statistics.Details.(*bq.LoadStatistics)
	if !ok {
		return nil, fmt.Errorf("job %s tells no rows", id)
	}
	return load, nil
}

// fieldNames are c1, c2 and so on.
func fieldNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fieldName(i)
	}
	return names
}

// fieldName is the column of a field, from 0.
func fieldName(i int) string { return fmt.Sprintf("c%d", i+1) }

// Drop removes the staging tables.
func (w *Warehouse) Drop(ctx context.Context, p warehouse.Pulled) {
	w.dropStages(ctx, slices.Collect(maps.Values(p.Places)))
}
