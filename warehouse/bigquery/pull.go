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
// its own: every field is a column of text, c1, c2 and so on, as many as there
// may be. What is NULL there are fields that a record does not have, for the
// marker of NULL is one that no file has; so records of too few or too many
// fields are seen, and none is lost.
//
// A load job does not tell in which order records came. The first one, which
// has the names, is found by reading the object twice, with it and without.

var _ warehouse.Puller = (*Warehouse)(nil)

const (
	// nullMarker is in no file.
	nullMarker = "tapline: no such field 7f1c9a"
	// mostAlike is among how many records that begin alike the first is found.
	mostAlike = 1000
)

// The places of Pulled.
const (
	placeAll   = "all"   // the object with its first record
	placeRest  = "rest"  // the object behind it
	placeSift  = "sift"  // records with their places
	placeAside = "aside" // what was put aside
)

// errUnpullable is what warehouse.ErrPull comes with.
func errUnpullable(o warehouse.Object, err error) error {
	return fmt.Errorf("%w: BigQuery does not load %s; take via: bigquery out, and tapline reads it and puts aside what cannot be read: %w", warehouse.ErrPull, o.URL, err)
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
	o := p.Object
	path, ok := strings.CutPrefix(o.URL, "gs://")
	if !ok || strings.ContainsAny(path, "*#") || strings.Contains(path, "//") {
		return errUnpullable(o, errors.New("it has to be at gs://, and its name must be without * and # and //"))
	}
	if o.Format != "csv" {
		return errUnpullable(o, fmt.Errorf("it is of the format %q", o.Format))
	}
	var all *bq.LoadStatistics
	var err error
	width := 0
	for _, width = range widths() { // until it has no more fields, or cannot be read at all
		if all, err = w.loadText(ctx, p, placeAll, o.Skip, width); !errors.Is(err, warehouse.ErrPull) {
			break
		}
	}
	if err != nil {
		return err
	}
	p.Fields, p.Bytes = width, all.InputFileBytes
	if all.OutputRows == 0 {
		return nil
	}
	rest, err := w.loadText(ctx, p, placeRest, o.Skip+1, width)
	if err != nil {
		return err
	}
	if rest.OutputRows != all.OutputRows-1 {
		return errUnpullable(o, fmt.Errorf("of its %d records %d are left behind the first; it was changed, or its first lines are no record of their own", all.OutputRows, rest.OutputRows))
	}
	if p.First, err = w.first(ctx, p, width); err != nil {
		return err
	}
	other := placeAll // one of them holds the rows
	if !o.Header {
		other = placeRest
	}
	w.dropStages(ctx, named(p.Places[other]))
	delete(p.Places, other)
	return nil
}

// widths are how many fields are looked for, one after the other: a table of
// many columns takes its time.
func widths() []int { return []int{100, 250, 2000, warehouse.MaxColumns} }

// loadText loads the object into a new staging table of the place.
func (w *Warehouse) loadText(ctx context.Context, p *warehouse.Pulled, place string, skip, width int) (*bq.LoadStatistics, error) {
	var pace pacing
	for try := 1; ; try++ {
		w.dropStages(ctx, named(p.Places[place]))
		name := fresh(stagePrefix)
		p.Places[place] = name
		statistics, err := w.loadTextInto(ctx, name, p.Object, skip, width)
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

func (w *Warehouse) loadTextInto(ctx context.Context, name string, o warehouse.Object, skip, width int) (*bq.LoadStatistics, error) {
	md := &bq.TableMetadata{
		Schema: fields(textColumns(fieldNames(width)...)), Labels: w.labels(nil), ExpirationTime: time.Now().Add(stageLife),
		Clustering: &bq.Clustering{Fields: []string{"c1"}}, // by which the first record is looked for
	}
	if err := w.createTable(ctx, name, md); err != nil && !isDuplicate(err) {
		return nil, err
	}
	id := fresh("tapline_p_")
	config, err := w.jobConfig(ctx, id)
	if err != nil {
		return nil, err
	}
	job, err := w.submit(ctx, id, func(ctx context.Context) (*bq.Job, error) {
		src := bq.NewGCSReference(o.URL)
		src.SourceFormat, src.Schema = bq.CSV, md.Schema
		src.CSVOptions = csvOptions(o, skip)
		l := w.table(name).LoaderFrom(src)
		l.JobIDConfig, l.CreateDisposition, l.WriteDisposition, l.Labels = config, bq.CreateNever, bq.WriteAppend, w.labels(nil)
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

func csvOptions(o warehouse.Object, skip int) bq.CSVOptions {
	return bq.CSVOptions{
		AllowJaggedRows: true, AllowQuotedNewlines: true, Encoding: bq.Encoding(strings.ToUpper(o.Encoding)),
		FieldDelimiter: string(rune(o.Delimiter)), Quote: strings.Trim(string(rune(o.Quote)), "\x00"), ForceZeroQuote: o.Quote == 0,
		SkipLeadingRows: int64(skip), NullMarker: nullMarker, PreserveASCIIControlCharacters: true,
	}
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

// first finds the first record of the object.
func (w *Warehouse) first(ctx context.Context, p *warehouse.Pulled, width int) ([]string, error) {
	var begins []string
	err := w.ask(ctx, "pull_head", map[string]any{"All": p.Places[placeAll], "Rest": p.Places[placeRest]}, nil, func(r row) error {
		begins = append(begins, r.text())
		return r.err
	})
	switch {
	case err != nil:
		return nil, err
	case len(begins) != 1:
		return nil, errUnpullable(p.Object, errors.New("it was changed while it was read"))
	}
	all, err := w.alike(ctx, p.Places[placeAll], begins[0], width)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	rest, err := w.alike(ctx, p.Places[placeRest], begins[0], width)
	if err != nil {
		return nil, err
	}
	if len(all) >= mostAlike {
		return nil, errUnpullable(p.Object, fmt.Errorf("over %d of its records begin with %q, as the first one does", mostAlike, begins[0]))
	}
	for _, record := range all {
		i := slices.IndexFunc(rest, func(r []string) bool { return slices.Equal(r, record) })
		if i < 0 {
			return record, nil
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return nil, errUnpullable(p.Object, errors.New("it was changed while it was read"))
}

// alike are records that begin with a cell, mostAlike at most.
func (w *Warehouse) alike(ctx context.Context, stage, begin string, width int) ([][]string, error) {
	var found [][]string
	data := map[string]any{"Stage": stage, "Fields": fieldNames(width), "Most": mostAlike}
	err := w.ask(ctx, "pull_first", data, params{"first": begin}, func(r row) error {
		var record []string
		for _, v := range r.values {
			text, ok := v.(string)
			if !ok {
				break // the record has no more fields
			}
			record = append(record, text)
		}
		found = append(found, record)
		return nil
	})
	return found, err
}

// Drop removes the staging tables.
func (w *Warehouse) Drop(ctx context.Context, p warehouse.Pulled) {
	w.dropStages(ctx, slices.Collect(maps.Values(p.Places)))
}
