package bigquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// A csvPuller reads CSV, with every field as a column of text, as many as there
// may be. What is NULL there are fields that a record does not have, for the
// marker of NULL is one that no file has; so records of too few or too many
// fields are seen, and none is lost.
//
// A load job does not tell in which order records came. The first one, which
// has the names, is found by reading the object twice, with it and without.
type csvPuller struct{ *Warehouse }

const (
	// nullMarker is in no file.
	nullMarker = "tapline: no such field 7f1c9a"
	// mostAlike is among how many records that begin alike the first is found.
	mostAlike = 1000
	// spread is how many fields tell records apart well enough.
	spread = 8
	// separator stands between fields that are compared as one text.
	separator = "\x1f"
)

func (w csvPuller) check(o warehouse.Object) error {
	switch c := o.CSV; {
	case o.Packing != "" && o.Packing != "gzip":
		return fmt.Errorf("it is compressed by %s", o.Packing)
	case c.Delimiter == 0:
		return errors.New("csv.delimiter: is none, which BigQuery does not know")
	case c.Escape != c.Quote:
		return errors.New("csv.escape: is something else than the quote twice, which BigQuery does not know")
	case c.Comment != 0:
		return errors.New("csv.comment: is set, which BigQuery does not know")
	case !strings.HasPrefix(c.Encoding, "utf-"):
		return fmt.Errorf("csv.encoding: is %s, which BigQuery does not know", c.Encoding)
	}
	return nil
}

func (w csvPuller) load(ctx context.Context, p *warehouse.Pulled) error {
	o := p.Object
	var all *bq.LoadStatistics
	var err error
	width := 0
	for _, width = range widths() { // until it has no more fields, or cannot be read at all
		if all, err = w.loadText(ctx, p, placeAll, o.CSV.Skip, width); !errors.Is(err, warehouse.ErrPull) {
			break
		}
	}
	if err != nil {
		return err
	}
	p.Fields, p.Bytes, p.Records = width, all.InputFileBytes, all.OutputRows
	if all.OutputRows == 0 {
		return nil
	}
	rest, err := w.loadText(ctx, p, placeRest, o.CSV.Skip+1, width)
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
	if !o.CSV.Header {
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
func (w csvPuller) loadText(ctx context.Context, p *warehouse.Pulled, place string, skip, width int) (*bq.LoadStatistics, error) {
	md := bq.TableMetadata{
		Schema:     fields(textColumns(fieldNames(width)...)),
		Clustering: &bq.Clustering{Fields: []string{"c1"}}, // by which the first record is looked for
	}
	src := bq.NewGCSReference(p.Object.URL)
	src.SourceFormat, src.Schema, src.CSVOptions = bq.CSV, md.Schema, csvOptions(p.Object.CSV, skip)
	return w.loadObject(ctx, p, place, md, src)
}

func csvOptions(c warehouse.ObjectCSV, skip int) bq.CSVOptions {
	return bq.CSVOptions{
		AllowJaggedRows: true, AllowQuotedNewlines: true, Encoding: bq.Encoding(strings.ToUpper(c.Encoding)),
		FieldDelimiter: string(rune(c.Delimiter)), Quote: strings.Trim(string(rune(c.Quote)), "\x00"), ForceZeroQuote: c.Quote == 0,
		SkipLeadingRows: int64(skip), NullMarker: nullMarker, PreserveASCIIControlCharacters: true,
	}
}

// first finds the first record of the object.
func (w csvPuller) first(ctx context.Context, p *warehouse.Pulled, width int) ([]string, error) {
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
func (w csvPuller) alike(ctx context.Context, stage, begin string, width int) ([][]string, error) {
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
