package bucket_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/exportertest"
	"tapline/objstore"
)

// TestDrift: files of one stream need not have the same columns.
func TestDrift(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"NewInTheMiddle", []string{"a,c\n1,x\n", "a,b,c\n2,7,y\n"}, []string{"a=1 c=x", "a=2 b=7 c=y"}},
		{"OtherOrder", []string{"a,b\n1,x\n", "b,a\ny,2\n"}, []string{"a=1 b=x", "a=2 b=y"}},
		{"Gone", []string{"a,b\n1,x\n", "a\n2\n", "a,b\n3,z\n"}, []string{"a=1 b=x", "a=2", "a=3 b=z"}},
		{"OtherType", []string{"a,b\n1,2\n", "a,b\nx,true\n"}, []string{"a=1 b=2", "a=x b=true"}},
		{"HeaderOnly", []string{"a,b\n1,2\n", "a,b\n", "a,b\n3,4\n"}, []string{"a=1 b=2", "a=3 b=4"}},
		{"NoBytes", []string{"", "a,b\n1,2\n"}, []string{"a=1 b=2"}},
		{"EmptyGzip", []string{zipped(t, ""), zipped(t, "a,b\n1,2\n")}, []string{"a=1 b=2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDrop(t)
			for i, content := range tt.files {
				d.put(t, string(rune('a'+i))+".csv", content, before.Add(time.Duration(i)*time.Second))
			}
			got := rows(t, d.source(t, bucket.Selection{Files: "*.csv", Formats: bucket.Formats{Format: "csv"}}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// readErr reads a slice that fails.
func readErr(t *testing.T, src exporter.Source, sl exporter.Slice) error {
	t.Helper()
	for _, err := range src.Read(t.Context(), sl, "") {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestReplaced: what was listed is read or nothing is.
func TestReplaced(t *testing.T) {
	d := newDrop(t)
	d.put(t, "a.csv", "a\n1\n", before)
	src := d.source(t, bucket.Selection{Files: "*.csv"})
	old := slicesOf(t, src, exporter.Window{})[0]

	d.put(t, "a.csv", "a\n2\n", before.Add(time.Minute))
	if err := readErr(t, src, old); !errors.Is(err, exporter.ErrReplaced) || !strings.Contains(err.Error(), "a.csv") {
		t.Errorf("written anew: error %v, want %v", err, exporter.ErrReplaced)
	}
	fresh := slicesOf(t, src, exporter.Window{})[0]
	if fresh.Name != old.Name || fresh.Revision == old.Revision {
		t.Errorf("listed anew: %+v, was %+v", fresh, old)
	}
	if diff := cmp.Diff([]string{"a=2"}, exportertest.ReadAll(t, src, fresh, "").Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(d.dir, "a.csv")); err != nil {
		t.Fatal(err)
	}
	if err := readErr(t, src, fresh); !errors.Is(err, exporter.ErrReplaced) {
		t.Errorf("deleted: error %v, want %v", err, exporter.ErrReplaced)
	}
}

// TestReplacedWhileRead: a change in the middle of reading ends it.
func TestReplacedWhileRead(t *testing.T) {
	d := newDrop(t)
	d.opt.BatchRows = 100
	d.put(t, "a.csv", table(200000), before)
	src := d.source(t, bucket.Selection{Files: "*.csv"})
	sl := slicesOf(t, src, exporter.Window{})[0]
	var last error
	for _, err := range src.Read(t.Context(), sl, "") {
		if last == nil && err == nil {
			d.put(t, "a.csv", table(10), before.Add(time.Minute))
		}
		last = err
	}
	if !errors.Is(last, exporter.ErrReplaced) {
		t.Errorf("error %v, want %v", last, exporter.ErrReplaced)
	}
}

func TestFileColumns(t *testing.T) {
	const name = "in/1663664837-1663785000-Order-Placed-20220921-2-0.csv"
	d := newDrop(t)
	d.put(t, name, "a\n1\n", before)
	d.put(t, "in/other.csv", "a,file.index\n2,own\n", before)
	sel := bucket.Selection{Files: "in/*.csv", FileColumns: []string{"*"}}
	want := []string{
		"a=1 file.database_id=0 file.day=2022-09-21 file.event=Order-Placed file.index=2 file.name=" + name +
			" file.request_id=1663664837 file.run_time=2022-09-21T18:30:00Z file.updated=2026-09-05T11:00:00Z",
		"a=2 file.index=own file.name=in/other.csv file.updated=2026-09-05T11:00:00Z",
	}
	if diff := cmp.Diff(want, rows(t, d.source(t, sel))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	sel = bucket.Selection{Files: "in/*-{date:%Y%m%d}-*.csv", FileColumns: []string{"day", "index", "day"}}
	if diff := cmp.Diff([]string{"a=1 file.day=2022-09-21 file.index=2"}, rows(t, d.source(t, sel))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestOldCursor: a cursor is good for one way of reading.
func TestOldCursor(t *testing.T) {
	d := newDrop(t)
	d.opt.BatchRows = 10
	d.put(t, "a.csv", table(100), before)
	src := d.source(t, bucket.Selection{Files: "*.csv"})
	sl := slicesOf(t, src, exporter.Window{})[0]
	c := exportertest.ReadAll(t, src, sl, "").Cursors[2]
	other := d.source(t, bucket.Selection{Files: "*.csv", FileColumns: []string{"name"}})
	for _, err := range other.Read(t.Context(), sl, c) {
		if !errors.Is(err, exporter.ErrCursorExpired) {
			t.Errorf("error %v, want %v", err, exporter.ErrCursorExpired)
		}
	}
}

// counting counts how often objects are opened.
type counting struct {
	objstore.Store
	opened, closed int
	bytes          int64
}

func (c *counting) Open(ctx context.Context, o objstore.Object, offset int64) (io.ReadCloser, error) {
	r, err := c.Store.Open(ctx, o, offset)
	if err != nil {
		return nil, err
	}
	c.opened++
	return &counted{r, c}, nil
}

type counted struct {
	io.ReadCloser
	c *counting
}

func (r *counted) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.c.bytes += int64(n)
	return n, err
}

func (r *counted) Close() error {
	r.c.closed++
	return r.ReadCloser.Close()
}

// TestOpens: to look at an object and to read it takes one request.
func TestOpens(t *testing.T) {
	d := newDrop(t)
	for name, content := range map[string]string{"a.csv": table(100), "a.csv.gz": zipped(t, table(20000)), "b.csv": table(50000), "c.csv": "", "d.csv.gz": zipped(t, "")} {
		d.put(t, name, content, before)
	}
	c := &counting{Store: d.store}
	d.opt.Store = c
	src := d.source(t, bucket.Selection{Files: "*"})
	for _, sl := range slicesOf(t, src, exporter.Window{}) {
		for _, stop := range []bool{false, true} {
			c.opened, c.closed = 0, 0
			for _, err := range src.Read(t.Context(), sl, "") {
				if err != nil {
					t.Fatal(err)
				}
				if stop {
					break
				}
			}
			if c.opened > 1 || c.closed != c.opened {
				t.Errorf("%s: opened %d times, closed %d times; want 1", sl.Name, c.opened, c.closed)
			}
		}
	}
}

// TestResumeReadsOn: what was read of a large object is not read again, but for
// a look at its start.
func TestResumeReadsOn(t *testing.T) {
	d := newDrop(t)
	d.put(t, "a.csv", table(200_000), before)
	c := &counting{Store: d.store}
	d.opt.Store, d.opt.BatchRows = c, 10_000
	src := d.source(t, bucket.Selection{Files: "*"})
	sl := slicesOf(t, src, exporter.Window{})[0]
	whole := exportertest.ReadAll(t, src, sl, "")
	c.bytes = 0
	rest := exportertest.ReadAll(t, src, sl, whole.Cursors[17])
	if len(rest.Rows) != 20_000 || c.bytes > sl.Object.Size/2 {
		t.Errorf("%d rows by reading %d of %d bytes; want 20000 by less than half", len(rest.Rows), c.bytes, sl.Object.Size)
	}
}
