package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/objstore"
)

func at(d time.Duration) *time.Duration { return &d }

// listed gives each slice as one text.
func listed(t *testing.T, src exporter.Source, w exporter.Window) []string {
	t.Helper()
	var out []string
	for _, sl := range slicesOf(t, src, w) {
		text := sl.Name
		if sl.Object.Ignored != "" {
			text += ": " + sl.Object.Ignored
		}
		out = append(out, text)
	}
	return out
}

func TestSlices(t *testing.T) {
	d := newDrop(t)
	for i, name := range []string{"x/part-10.csv", "x/part-2.csv", "x/_SUCCESS", "x/part-1.csv.tmp", "y/part-0.csv"} {
		d.put(t, name, "a\n1\n", before)
		_ = i
	}
	d.put(t, "x/part-0.csv", "a\n1\n", before.Add(time.Nanosecond))
	d.put(t, "x/early.csv", "a\n1\n", before.AddDate(0, 0, -3))
	src := d.source(t, bucket.Selection{Files: "x/*", Ignore: []string{"**.tmp"}})

	want := []string{
		"x/early.csv: before since", "x/_SUCCESS: is a marker of the program that wrote the others",
		"x/part-1.csv.tmp: matches ignore: **.tmp", "x/part-2.csv", "x/part-10.csv", "x/part-0.csv",
	}
	got := listed(t, src, exporter.Window{Since: exporter.DayOf(before)})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("slices (-want +got):\n%s", diff)
	}
	sl := slicesOf(t, src, exporter.Window{})[3]
	if sl.Object.Size != 4 || !sl.Object.Updated.Equal(before) || !sl.Object.Settles.Equal(before.Add(2*time.Minute)) || sl.Revision == "" || !sl.Day.IsZero() {
		t.Errorf("slice %+v of object %+v", sl, sl.Object)
	}
}

func TestSlicesDays(t *testing.T) {
	d := newDrop(t)
	for _, name := range []string{"2026-08-31/a.csv", "2026-09-01/a.csv", "2026-09-02/a.csv", "2026-09-31/a.csv"} {
		d.put(t, name, "a\n1\n", before)
	}
	src := d.source(t, bucket.Selection{Files: "{date:%Y-%m-%d}/*.csv", Settle: at(0)})
	w := exporter.Window{Since: exporter.Day{Year: 2026, Month: 9, Day: 1}, Until: exporter.Day{Year: 2026, Month: 9, Day: 2}}
	want := []string{"2026-08-31/a.csv: before since", "2026-09-01/a.csv", "2026-09-02/a.csv: not before until"}
	if diff := cmp.Diff(want, listed(t, src, w)); diff != "" {
		t.Errorf("slices (-want +got):\n%s", diff)
	}
	if sl := slicesOf(t, src, w)[0]; !sl.Object.Settles.Equal(before) {
		t.Errorf("settles %s, want %s", sl.Object.Settles, before)
	}
}

// TestSlicesZone: the day of an object's last change is the project's.
func TestSlicesZone(t *testing.T) {
	d := newDrop(t)
	late := time.Date(2026, 8, 31, 20, 0, 0, 0, time.UTC) // 1:30 on the next day in India
	d.put(t, "a.csv", "a\n1\n", late)
	w := exporter.Window{Since: exporter.Day{Year: 2026, Month: 9, Day: 1}}
	for zone, want := range map[string]string{"Asia/Kolkata": "a.csv", "": "a.csv: before since"} {
		d.cfg.Timezone = zone
		if diff := cmp.Diff([]string{want}, listed(t, d.source(t, bucket.Selection{Files: "*.csv"}), w)); diff != "" {
			t.Errorf("zone %q (-want +got):\n%s", zone, diff)
		}
	}
}

func TestPerEvent(t *testing.T) {
	d := newDrop(t)
	for _, name := range []string{
		"1663664837-1663785000-Order-Placed-20220921-0-0.csv", "1663664837-1663871400-Order-Placed-20220922-0-0.csv",
		"1663664837-1663785000-App-Launched-20220921-0-0.csv", "x-other.csv", "other.csv", "_SUCCESS",
	} {
		d.put(t, name, "ts,eventName\n", before)
	}
	d.put(t, "odd-\xff.csv", "a\n", before)
	src := d.source(t, bucket.Selection{Files: "[!o]*", Per: "event"}, bucket.Selection{Files: "o*"})
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, st := range streams {
		list, err := src.Slices(t.Context(), st, exporter.Window{})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %v %s %d", st.Name, st.Vars, st.Partition, len(list)))
	}
	want := []string{"files/[!o]*/App-Launched map[event:App-Launched] event_date 1", "files/[!o]*/Order-Placed map[event:Order-Placed] event_date 2", "files/[!o]* map[] event_date 0", "files/o* map[]  2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("streams (-want +got):\n%s", diff)
	}
	if got := listed(t, src, exporter.Window{}); got[3] != `odd-\xff.csv: has a name that is not UTF-8; rename it` {
		t.Errorf("an odd name is %s", got[3])
	}
	if n := streams[2].Notice; !strings.Contains(n, "1 objects") || !strings.Contains(n, "x-other.csv") {
		t.Errorf("notice %q", n)
	}
}

func TestUnknownStream(t *testing.T) {
	src := newDrop(t).source(t, bucket.Selection{Files: "*"})
	for _, st := range []exporter.Stream{{}, {Kind: "files", Name: "files/x"}, {Kind: "files", Name: "files/*", Entry: 1}, {Kind: "events", Name: "files/*"}} {
		if _, err := src.Slices(t.Context(), st, exporter.Window{}); !errors.Is(err, exporter.ErrUnknownStream) {
			t.Errorf("%+v: error %v, want %v", st, err, exporter.ErrUnknownStream)
		}
	}
}

// many is a store of n objects that exist in its listing alone.
type many struct {
	objstore.Store
	n int
}

func (m many) List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		for i := range m.n {
			o := objstore.Object{
				Name: fmt.Sprintf("exports/1663664837-%d-Order-Placed-20220921-%d-0.csv.gz", 1663785000+i/10, i%10),
				Size: 100 << 20, Generation: fmt.Sprint(1663785000000000 + i), Updated: before.Add(time.Duration(i%100) * time.Second),
			}
			if !strings.HasPrefix(o.Name, prefix) {
				continue
			}
			if !yield(o, ctx.Err()) {
				return
			}
		}
	}
}

// TestManyObjects: what listing takes is the list of slices.
func TestManyObjects(t *testing.T) {
	const n = 50000
	d := newDrop(t)
	d.opt.Store = many{n: n}
	src := d.source(t, bucket.Selection{Files: "exports/*-Order-Placed-{date:%Y%m%d}-*.csv.gz"})
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var start, end runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&start)
	list, err := src.Slices(t.Context(), streams[0], exporter.Window{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&end)
	if each := (end.HeapAlloc - start.HeapAlloc) / n; len(list) != n || each > 700 {
		t.Errorf("%d slices of %d bytes each, want %d of at most 700", len(list), each, n)
	}
	runtime.KeepAlive(list)
}

func TestCheck(t *testing.T) {
	d := newDrop(t)
	src := d.source(t, bucket.Selection{Files: "x/*.csv"})
	if err := src.Check(t.Context()); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	d.opt.Store = failing{}
	for in, want := range map[error]error{
		objstore.ErrUnauthorized: exporter.ErrUnauthorized, objstore.ErrNoBucket: exporter.ErrUnauthorized,
		objstore.ErrUnreachable: exporter.ErrUnreachable, os.ErrPermission: os.ErrPermission,
	} {
		d.opt.Store = failing{err: in}
		err := d.source(t, bucket.Selection{Files: "x/*.csv"}).Check(t.Context())
		if !errors.Is(err, want) || !errors.Is(err, in) || !strings.Contains(err.Error(), filepath.Base(d.dir)) {
			t.Errorf("%v became %v", in, err)
		}
	}
}

// failing is a store that can do nothing.
type failing struct {
	objstore.Store
	err error
}

func (f failing) List(context.Context, string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) { yield(objstore.Object{}, f.err) }
}
