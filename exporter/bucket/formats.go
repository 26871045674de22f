package bucket

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/csv"
)

// Formats are the keys of a Selection that say how content is read.
type Formats struct {
	// Format is "" (= auto), auto, csv, json, parquet or xlsx.
	Format string `yaml:"format" enum:"auto,csv,json,parquet,xlsx" doc:"the format of the content, which is found by looking at it by default"`
	// CSV pins what is otherwise detected.
	CSV csv.Options `yaml:"csv" doc:"how CSV files are written, where detection errs"`
	// Sheet is the name of a workbook's sheet. "" = the first.
	Sheet string `yaml:"sheet" doc:"the sheet of an XLSX workbook, the first by default"`
}

func (f Formats) validate() error {
	if !slices.Contains([]string{"", formatAuto, formatCSV, formatJSON, formatParquet, formatXLSX}, f.Format) {
		return fmt.Errorf("format: %q is not one of auto, csv, json, parquet, xlsx", f.Format)
	}
	if err := f.CSV.Validate(); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}

// prepare finds the layout of a member and sets what reads it.
func (s *Source) prepare(e *entry, m *member) error {
	in := m.peeked.input()
	switch m.format {
	case formatCSV:
		return s.prepareCSV(e, m, in)
	}
	return fmt.Errorf("it is %s, which cannot be read yet: %w", strings.ToUpper(m.format), exporter.ErrContent)
}

func (s *Source) prepareCSV(e *entry, m *member, in format.Input) error {
	o, l := e.CSV, csv.Layout{}
	vendor, err := s.vendor(e, m, func() bool {
		d, err := csv.Detect(m.peeked.sample, m.peeked.whole, o)
		return err == nil && slices.Contains(d.Columns, colTS) && slices.Contains(d.Columns, colEvent)
	})
	if err != nil {
		return err
	}
	if vendor {
		m.layout = newLayout(s.loc, s.batch.Mem)
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

// vendor decides whether the member has the layout of CleverTap's exports; seen
// tells whether it has the columns that all of them have.
func (s *Source) vendor(e *entry, m *member, seen func() bool) (bool, error) {
	switch {
	case e.Layout == layoutPlain, e.Layout == layoutAuto && !(m.named && seen()):
		return false, nil
	case e.Layout == layoutCleverTap && !seen():
		return false, fmt.Errorf("layout: is clevertap, but the columns of CleverTap's exports are not in it; write layout: plain to read it as it is: %w", exporter.ErrContent)
	case !s.zoned:
		return false, fmt.Errorf("it is an export of CleverTap, whose times are local: set timezone: on the connection, or layout: plain on the stream")
	}
	return true, nil
}
