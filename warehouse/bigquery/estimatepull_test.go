//go:build cgo && !noduckdb

package bigquery

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"tapline/objstore/gcstest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// A drop loads files that BigQuery reads itself into one table.
type drop struct {
	*testing.T
	gcs  *gcstest.Server
	tape *tape
	w    *Warehouse
	rev  int
}

func newDrop(t *testing.T) *drop {
	d := &drop{T: t, gcs: gcstest.NewServer(t, gcstest.Options{}, "drop"), tape: &tape{}}
	s := bigquerytest.NewServer(t, bigquerytest.Options{Storage: d.gcs.URL})
	d.w = openTest(t, s, func(c *Config) { c.HTTP, c.PricePerTiB = &http.Client{Transport: d.tape}, ListPrice })
	return d
}

// load is the next revision of the slice, without its rows.
func (d *drop) load() warehouse.Load {
	d.rev++
	return warehouse.Load{ID: fmt.Sprint("load", d.rev), Pipeline: "p", Table: "drops", Stream: "files", Slice: "p/files/a", Revision: fmt.Sprint(d.rev),
		Run: "run", ReadAt: eventDay, Mode: warehouse.Replace}
}

// pulled has an object of text columns read, and loaded.
func (d *drop) pulled(l warehouse.Load, packing string, content []byte, fields int) {
	d.Helper()
	o := warehouse.Object{URL: dropObject(d.gcs, l.ID, content), Format: "csv", Packing: packing,
		CSV: warehouse.ObjectCSV{Delimiter: ',', Quote: '"', Escape: '"', Header: true, Encoding: "utf-8"}}
	sieve := warehouse.Sieve{Load: l.ID, Slice: l.Slice, Table: l.Table, ReadAt: l.ReadAt}
	var fit []warehouse.FitColumn
	for i, name := range fieldNames(fields) {
		sieve.Columns = append(sieve.Columns, warehouse.PulledColumn{Source: name, Field: i})
		fit = append(fit, warehouse.FitColumn{Source: name, Name: name, Type: arrow.BinaryTypes.String})
	}
	p, err := d.w.Pull(d.Context(), o)
	if err == nil {
		p, err = d.w.Sift(d.Context(), p, sieve)
	}
	if err == nil {
		p, err = d.w.Fit(d.Context(), p, fit)
	}
	if err != nil {
		d.Fatal(err)
	}
	l.Columns = join(textColumns(fieldNames(fields)...), taplineColumns())
	l.Pulled, l.RowsRead, l.RowsLoaded = &p, p.Rows, p.Rows
	if err := d.w.Ensure(d.Context(), warehouse.Table{Name: l.Table, Columns: l.Columns}); err != nil {
		d.Fatal(err)
	}
	if _, err := d.w.Load(d.Context(), l); err != nil {
		d.Fatal(err)
	}
}

// csvOf is a file of some fields and rows, with cells of 20 characters.
func csvOf(fields, rows int) []byte {
	var b bytes.Buffer
	b.WriteString(strings.Join(fieldNames(fields), ",") + "\n")
	for range rows {
		b.WriteString(strings.Repeat(",abcdefghijklmnopqrst", fields)[1:] + "\n")
	}
	return b.Bytes()
}

func packed(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEstimatePull loads what was estimated, and compares jobs and bytes: of
// the second file of a table, for the first does not tell how many columns there
// will be.
func TestEstimatePull(t *testing.T) {
	for name, c := range map[string]struct {
		fields  int
		packing string
	}{
		"narrow":  {2, ""},
		"wide":    {17, ""},
		"gzipped": {2, "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDrop(t)
			d.pulled(d.load(), "", csvOf(c.fields, 1), c.fields)
			text := csvOf(c.fields, 6000/c.fields)
			content := text
			if c.packing != "" {
				content = packed(t, text)
			}
			l := d.load()
			x := expected(l, 0, int64(len(content)))
			x.Pull, x.Format, x.Packing = true, "csv", c.packing
			e, err := d.w.Estimate(t.Context(), []warehouse.Expected{x})
			if err != nil {
				t.Fatal(err)
			}
			d.tape.bodies = nil
			d.pulled(l, c.packing, content, c.fields)
			if diff := cmp.Diff(countedJobs(e), d.tape.jobs()); diff != "" {
				t.Errorf("jobs (-estimated +made):\n%s", diff)
			}
			for _, j := range e.Jobs {
				switch want := int64(4 * len(text)); {
				case j.Free && (j.Bytes != int64(len(content)) || j.Unknown > 0 || j.More):
					t.Errorf("loads: %+v", j)
				case j.What == "staging statement" && c.packing == "" && (j.Unknown > 0 || j.Bytes < want || j.Bytes > want*3/2):
					t.Errorf("%+v, want %d bytes or some more", j, want)
				case j.What == "staging statement" && c.packing != "" && (j.Unknown != 1 || j.Bytes != 0):
					t.Errorf("a compressed file: %+v", j)
				case j.What == "transaction" && c.packing == "" && (j.Unknown > 0 || j.Bytes < int64(len(text))):
					t.Errorf("%+v, want %d bytes or more", j, len(text))
				}
			}
		})
	}
}

// TestEstimatePullNew is about tables that are still to be made, objects
// without content, and those that BigQuery cannot read.
func TestEstimatePullNew(t *testing.T) {
	d := newDrop(t)
	for name, c := range map[string]struct {
		format string
		bytes  int64
		want   []string
	}{
		"new":     {"csv", 50 << 20, []string{"drops 2 load job 0 unknown, 0 MiB billed, free true, more true", "drops 5 staging statement 0 unknown, 220 MiB billed, free false, more true", "drops 1 SELECT 0 unknown, 10 MiB billed, free false, more false", "drops 1 transaction 0 unknown, 70 MiB billed, free false, more false"}},
		"empty":   {"csv", 0, []string{"drops 1 load job 0 unknown, 0 MiB billed, free true, more true", "drops 1 SELECT 0 unknown, 10 MiB billed, free false, more false", "drops 1 transaction 0 unknown, 10 MiB billed, free false, more false"}},
		"refused": {"tapes", 7, nil},
	} {
		x := expected(d.load(), 0, c.bytes)
		x.Pull, x.Format = true, c.format
		e, err := d.w.Estimate(t.Context(), []warehouse.Expected{x})
		if diff := cmp.Diff(c.want, brief(e)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestPullJobs: how many load jobs, statements and times a text is read, by format.
func TestPullJobs(t *testing.T) {
	for _, c := range []struct {
		format      string
		fields      int
		loads       int64
		reads, size int64
	}{
		{"csv", 1, 2, 5, 6000}, {"csv", 10, 2, 5, 4200}, {"csv", 16, 2, 6, 4124}, {"csv", 101, 3, 11, 4019}, {"json", 15, 1, 8, 8000}, {"parquet", 31, 1, 4, 2000},
	} {
		loads, reads := pullJobs(c.format, c.fields, 1000)
		var size int64
		for _, r := range reads {
			size += r.bytes
		}
		if loads != c.loads || int64(len(reads)) != c.reads || size < c.size-10 || size > c.size+10 {
			t.Errorf("%s of %d fields: %d loads, %d statements of %d bytes; want %d, %d, %d", c.format, c.fields, loads, len(reads), size, c.loads, c.reads, c.size)
		}
	}
}
