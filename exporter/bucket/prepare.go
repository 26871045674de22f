package bucket

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"fmt"
	"iter"
	"slices"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/csv"
	"tapline/exporter/format/json"
	"tapline/exporter/format/parquet"
	"tapline/exporter/format/xlsx"
)

// prepare finds the layout of a member and sets what reads it.
func (s *Source) prepare(e *entry, m *member) error {
	in := m.peeked.input()
	switch m.format {
	case formatCSV:
		return s.prepareCSV(e, m, in)
	case formatJSON:
		return s.prepareJSON(e, m, in)
	case formatParquet:
		return s.prepareParquet(e, m, in)
	case formatXLSX:
		return s.prepareXLSX(e, m, in)
	}
	return fmt.Errorf("it is of the format %q, which is not known: %w", m.format, exporter.ErrContent)
}

func (s *Source) prepareCSV(e *entry, m *member, in format.Input) error {
	o, l := e.CSV, csv.Layout{}
	vendor, err := s.vendor(e, m, func() bool {
		d, err := csv.Detect(m.peeked.sample, m.peeked.whole, o)
		return err == nil && slices.Contains(d.Columns, colTS) && slices.Contains(d.Columns, colEvent) || m.peeked.oneLine()
	})
	if err != nil {
		return err
	}
	if vendor {
		m.layout = s.newLayout(in.Name)
		o.Text = append(slices.Clone(o.Text), texts()...)
		l.Times = []csv.Time{{Column: colTS, Form: csv.Compact}}
	}
	m.batches = func(ctx context.Context, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
		return csv.Read(ctx, in, o, l, s.batch, after)
	}
	m.about = func() (string, error) {
		d, err := csv.Detect(m.peeked.sample, m.peeked.whole, e.CSV)
		return "CSV: " + d.String(), err
	}
	return nil
}

func (s *Source) prepareJSON(e *entry, m *member, in format.Input) error {
	var name string
	vendor, err := s.vendor(e, m, func() bool {
		event, keys := firstRecords(m.peeked.sample)
		name = event
		return keys[colTS] && (keys[colEvent] || name != "") || m.peeked.whole && len(keys) == 0
	})
	if err != nil {
		return err
	}
	root := func(*format.Builder) json.Node { return json.Node{Dates: true} }
	if vendor {
		m.layout = s.newLayout(in.Name)
		m.layout.event = name
		root = func(b *format.Builder) json.Node { return exportNode(b.Column(colTS), m.layout.clock) }
	}
	m.batches = func(ctx context.Context, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
		return json.Read(ctx, in, root, json.FileOptions{Flatten: e.Flatten}, s.batch, after)
	}
	m.about = func() (string, error) { return "JSON", nil }
	return nil
}

// firstRecords reads the first objects of a JSON sample, of which it returns the
// keys, and the line before them if there is one: the name of CleverTap's event.
func firstRecords(sample []byte) (event string, keys map[string]bool) {
	text, _ := withoutBOM(sample)
	text = bytes.TrimLeft(text, blanks)
	if line, rest, ok := bytes.Cut(text, []byte("\n")); ok && line[0] != '{' && line[0] != '[' {
		text, event = rest, eventLine(string(line))
	}
	text = bytes.TrimLeft(text, blanks)
	dec := stdjson.NewDecoder(bytes.NewReader(text))
	if bytes.HasPrefix(text, []byte("[")) {
		_, _ = dec.Token() // the bracket that was seen
	}
	keys = map[string]bool{}
	for range 100 {
		var record map[string]stdjson.RawMessage
		if !dec.More() || dec.Decode(&record) != nil {
			break
		}
		for key := range record {
			keys[key] = true
		}
	}
	return event, keys
}

// prepareParquet knows the columns no sooner than the first batch: they are at
// the end of the file. Exports of CleverTap are known by the file's name.
func (s *Source) prepareParquet(e *entry, m *member, in format.Input) error {
	vendor, err := s.vendor(e, m, func() bool { return true })
	if err != nil {
		return err
	}
	if vendor {
		m.layout = s.newLayout(in.Name)
		m.layout.parquet, m.layout.pinned = true, e.Layout == layoutCleverTap
	}
	o := parquet.Options{Flatten: e.Flatten || vendor, TempDir: s.tempDir}
	m.batches = func(ctx context.Context, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
		return parquet.Read(ctx, in, o, s.batch, after)
	}
	m.about = func() (string, error) { return "Parquet", nil }
	return nil
}

// prepareXLSX: the vendor exports no workbooks.
func (s *Source) prepareXLSX(e *entry, m *member, in format.Input) error {
	if e.Layout == layoutCleverTap {
		return errNotVendor()
	}
	o := xlsx.Options{Sheet: e.Sheet, HeaderRow: e.HeaderRow, TempDir: s.tempDir}
	m.batches = func(ctx context.Context, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
		return xlsx.Read(ctx, in, o, s.batch, after)
	}
	m.about = func() (string, error) {
		if e.Sheet == "" {
			return "XLSX: the first sheet", nil
		}
		return fmt.Sprintf("XLSX: sheet %q", e.Sheet), nil
	}
	return nil
}

// vendor decides whether the member has the layout of CleverTap's exports; seen
// tells whether it has the columns that all of them have.
func (s *Source) vendor(e *entry, m *member, seen func() bool) (bool, error) {
	switch {
	case e.Layout == layoutPlain, e.Layout == layoutAuto && !(m.named && seen()):
		return false, nil
	case e.Layout == layoutCleverTap && !seen():
		return false, errNotVendor()
	case !s.zoned:
		return false, fmt.Errorf("it is an export of CleverTap, whose times are local: set timezone: on the connection, or layout: plain on the stream")
	}
	return true, nil
}

func errNotVendor() error {
	return fmt.Errorf("layout: is clevertap, but the columns of CleverTap's exports are not in it; write layout: plain to read it as it is: %w", exporter.ErrContent)
}
