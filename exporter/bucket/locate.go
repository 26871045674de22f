package bucket

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/exporter/format/csv"
	"tapline/objstore"
)

var _ exporter.Locator = (*Source)(nil)

// Locate implements exporter.Locator. It lists the object, and reads nothing of it.
func (s *Source) Locate(ctx context.Context, sl exporter.Slice) (exporter.Location, error) {
	e, _, err := s.entryOf(sl.Stream)
	if err != nil {
		return exporter.Location{}, err
	}
	o, err := s.listed(ctx, sl)
	if err != nil {
		return exporter.Location{}, err
	}
	at := exporter.Location{URL: o.URL, Zone: s.loc.String()}
	at.Format, at.Packing = e.writtenIn(sl.Name)
	switch at.Format {
	case formatCSV:
		err = s.locateCSV(e, sl, o, &at)
	case formatJSON:
		s.locateJSON(e, sl, o, &at)
	case formatParquet:
		err = s.locateParquet(e, sl, o, &at)
	case "":
		err = fmt.Errorf("its format is not in its name, and with via: nobody looks into it here; name it (format: csv), or take via: out: %w", exporter.ErrContent)
	}
	if err != nil {
		return at, s.unread(sl.Name, err)
	}
	return at, nil
}

// writtenIn is the format of an object, "" = neither its name nor the
// configuration tells, and how it is packed.
func (e *entry) writtenIn(name string) (format, packing string) {
	kind, packing := kindOf(name)
	if e.Format != "" && e.Format != formatAuto {
		return e.Format, packing
	}
	return formatNamed(kind), packing
}

// kindOf is what the end of a name says of the content, in lower case: "csv",
// and how that is packed.
func kindOf(name string) (kind, packing string) {
	name = strings.ToLower(name)
	kind = extension(name)
	if packing = packings()[kind]; packing != "" {
		kind = extension(strings.TrimSuffix(name, "."+kind))
	}
	return kind, packing
}

func extension(name string) string { return strings.TrimPrefix(path.Ext(name), ".") }

// packings are what packs content, by the ends of names.
func packings() map[string]string {
	return map[string]string{"gz": "gzip", "gzip": "gzip", "zst": "zstd", "bz2": "bzip2", "xz": "xz", "sz": "snappy", "s2": "s2", "zip": "zip"}
}

// formatNamed is the format that a kind of names has; "" = none.
func formatNamed(kind string) string {
	switch kind {
	case "csv", "tsv", "txt":
		return formatCSV
	case "json", "jsonl", "ndjson":
		return formatJSON
	case "parquet":
		return formatParquet
	case "xlsx":
		return formatXLSX
	}
	return ""
}

// locateCSV says how CSV is written: as pinned, or as is usual.
func (s *Source) locateCSV(e *entry, sl exporter.Slice, o objstore.Object, at *exporter.Location) error {
	options := e.CSV
	if kind, _ := kindOf(sl.Name); kind == "tsv" && options.Delimiter == "" {
		options.Delimiter = "tab"
	}
	d, err := options.Usual()
	if err != nil {
		return err
	}
	at.CSV = exporter.LocatedCSV{
		Delimiter: d.Delimiter, Quote: d.Quote, Escape: d.Escape, Comment: d.Comment,
		Skip: options.Skip, Header: d.Header, Encoding: d.Encoding, Null: options.Null,
	}
	at.Columns = func(_ context.Context, f exporter.Found) ([]exporter.LocatedColumn, error) {
		if len(f.First) == 0 {
			return nil, nil
		}
		columns, err := s.located(e, sl, o, options, f.First)
		if err != nil {
			return nil, s.unread(sl.Name, err)
		}
		return columns, nil
	}
	return nil
}

// listed is the slice's object, if it is still of that generation.
func (s *Source) listed(ctx context.Context, sl exporter.Slice) (objstore.Object, error) {
	for o, err := range s.store.List(ctx, sl.Name) {
		switch {
		case err != nil:
			return o, s.failed("list "+sl.Name, err)
		case o.Name != sl.Name:
			continue
		case o.Generation != sl.Revision:
			return o, s.failed("find "+sl.Name, objstore.ErrChanged)
		}
		return o, nil
	}
	return objstore.Object{}, s.failed("find "+sl.Name, objstore.ErrNotExist)
}

// located says what becomes of the fields of an object whose first record is
// first; it is for others what prepareCSV and a finisher are for Read.
func (s *Source) located(e *entry, sl exporter.Slice, o objstore.Object, options csv.Options, first []string) ([]exporter.LocatedColumn, error) {
	first = slices.Clone(first)
	first[0] = strings.TrimPrefix(first[0], "\ufeff")
	names, err := csv.Names(first, options)
	if err != nil {
		return nil, err
	}
	f := e.fileOf(sl)
	f.updated = o.Updated
	vendor, err := s.vendor(e, &member{named: f.FileName != FileName{}}, func() bool {
		return slices.Contains(names, colTS) && slices.Contains(names, colEvent)
	})
	if err != nil {
		return nil, err
	}
	var columns []exporter.LocatedColumn
	for i, name := range names {
		c := exporter.LocatedColumn{Name: name, Field: i}
		switch {
		case slices.Contains(options.Text, name), slices.Contains(options.Text, "*"), vendor && slices.Contains(texts(), name):
			c.As = exporter.ReadText
		case vendor && name == colTS:
			c.As, c.Kinds = exporter.ReadCompact, exporter.Time
			if !slices.Contains(names, colDate) {
				columns = append(columns, exporter.LocatedColumn{Name: colDate, Field: i, As: exporter.ReadCompactDay, Kinds: exporter.Date})
			}
		}
		columns = append(columns, c)
	}
	return withFacts(columns, e.facts, f), nil
}

// located is the fact as a column, whose value is canonical text.
func (t fact) located(f file) exporter.LocatedColumn {
	c := exporter.LocatedColumn{Name: "file." + t.name, Kinds: t.kind, Value: &exporter.Constant{}}
	switch v := t.valueOf(f).(type) {
	case nil:
		c.Value.Null = true
	case string:
		c.As, c.Value.Text = exporter.ReadText, strings.ToValidUTF8(strings.ReplaceAll(v, "\x00", "\ufffd"), "\ufffd")
	case int64:
		c.Value.Text = strconv.FormatInt(v, 10)
	case exporter.Day:
		c.Value.Text = v.String()
	case time.Time:
		c.Value.Text = string(exporter.AppendTime(nil, v.UnixMicro()))
	}
	return c
}
