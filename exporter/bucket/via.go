package bucket

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/exporter/format/csv"
	"tapline/objstore"
)

// viaBigQuery is the value of Selection.Via.
const viaBigQuery = "bigquery"

var _ exporter.Locator = (*Source)(nil)

// checkVia refuses what BigQuery's own reading of objects cannot do.
func (e *entry) checkVia(cfg Config) error {
	if e.Via == "" {
		return nil
	}
	refuse := func(key, why string) error {
		return fmt.Errorf("via: is %s, and %s %s; take via: out, and tapline reads the objects", e.Via, key, why)
	}
	quoted := e.CSV.Escape
	switch encoding := strings.ToLower(e.CSV.Encoding); {
	case e.Via != viaBigQuery:
		return fmt.Errorf("via: %q is not known; known is bigquery", e.Via)
	case !strings.HasPrefix(cfg.URL, "gs://"):
		return refuse("url:", "is not at gs://, where BigQuery reads")
	case e.Format != "" && e.Format != formatAuto && e.Format != formatCSV:
		return refuse("format:", "is "+e.Format+", which it is not read as here")
	case quoted != "" && quoted != auto && quoted != `"` && quoted != e.CSV.Quote:
		return refuse("csv.escape:", "is something else than the quote twice")
	case e.CSV.Delimiter == none:
		return refuse("csv.delimiter:", "is none, which it does not know")
	case e.CSV.Comment != "" && e.CSV.Comment != auto && e.CSV.Comment != none:
		return refuse("csv.comment:", "is set, which it does not know")
	case encoding == csv.Latin1:
		return refuse("csv.encoding:", "is windows-1252, which it does not know")
	}
	return nil
}

// What pins say that pin nothing, or that there is no such character.
const (
	auto = "auto"
	none = "none"
)

// Via implements exporter.Locator.
func (s *Source) Via(st exporter.Stream) string {
	e, _, err := s.entryOf(st)
	if err != nil {
		return ""
	}
	return e.Via
}

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
	delimiter, err := e.delimiter(sl.Name)
	if err != nil {
		return exporter.Location{}, s.unread(sl.Name, err)
	}
	at := exporter.Location{
		URL: o.URL, Format: formatCSV, Delimiter: delimiter, Quote: quoteOf(e.CSV.Quote), Skip: e.CSV.Skip, Header: e.CSV.Header != "no",
		Encoding: csv.UTF8, Null: e.CSV.Null, Zone: s.loc.String(),
	}
	if encoding := strings.ToLower(e.CSV.Encoding); encoding != "" && encoding != auto {
		at.Encoding = encoding
	}
	at.Columns = func(first []string) (int, []exporter.LocatedColumn, error) {
		columns, err := s.located(e, sl, o, first)
		if err != nil {
			return 0, nil, s.unread(sl.Name, err)
		}
		return len(first), columns, nil
	}
	return at, nil
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

// delimiter is what is pinned, or what the object's name says. The error says
// that BigQuery does not read an object of such a name.
func (e *entry) delimiter(name string) (byte, error) {
	kind := strings.TrimSuffix(strings.ToLower(name), ".gz")
	kind = kind[strings.LastIndexByte(kind, '.')+1:]
	if e.Format != formatCSV && kind != "csv" && kind != "tsv" && kind != "txt" {
		return 0, fmt.Errorf("via: is %s, and by its name it is no CSV, plain or gzipped; name the format (format: csv), or take via: out, and tapline reads it: %w",
			e.Via, exporter.ErrContent)
	}
	switch d := e.CSV.Delimiter; d {
	case "", auto:
		if kind == "tsv" {
			return '\t', nil
		}
		return ',', nil
	case "comma":
		return ',', nil
	case "semicolon":
		return ';', nil
	case "tab", `\t`:
		return '\t', nil
	case "pipe":
		return '|', nil
	default:
		return d[0], nil
	}
}

func quoteOf(pin string) byte {
	switch pin {
	case "", auto:
		return '"'
	case none:
		return 0
	}
	return pin[0]
}

// located says what becomes of the fields of an object whose first record is
// first; it is for Locate what prepareCSV and a finisher are for Read.
func (s *Source) located(e *entry, sl exporter.Slice, o objstore.Object, first []string) ([]exporter.LocatedColumn, error) {
	options := e.CSV
	if strings.HasSuffix(strings.ToLower(strings.TrimSuffix(sl.Name, ".gz")), ".tsv") && options.Delimiter == "" {
		options.Delimiter = "tab"
	}
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
	for _, fact := range e.facts {
		if c := fact.located(f); !slices.Contains(names, c.Name) {
			columns = append(columns, c)
		}
	}
	return columns, nil
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
