package loader_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/loader"
	"tapline/warehouse"
)

// A bucket is a source in memory whose slices are objects.
type bucket struct {
	mu      sync.Mutex
	now     time.Time
	settle  time.Duration
	objects map[string]object
	replace string // this object is replaced while it is read
	cut     string // reading this object ends in an error after its rows
	reads   int
}

type object struct {
	generation string
	updated    time.Time
	ignored    string
	rows       []row
}

func (b *bucket) put(name, generation string, ago time.Duration, rows ...row) {
	b.objects[name] = object{generation: generation, updated: b.now.Add(-ago), rows: rows}
}

func (b *bucket) Streams(context.Context) ([]exporter.Stream, error) {
	return []exporter.Stream{{Name: "files/*.csv", Kind: "files", Objects: true}}, nil
}

func (b *bucket) Slices(_ context.Context, s exporter.Stream, _ exporter.Window) ([]exporter.Slice, error) {
	var out []exporter.Slice
	for name, o := range b.objects {
		x := &exporter.Object{Size: int64(len(o.rows)), Updated: o.updated, Settles: o.updated.Add(b.settle), Ignored: o.ignored}
		out = append(out, exporter.Slice{Stream: s, Name: name, Revision: o.generation, Object: x})
	}
	slices.SortFunc(out, func(a, b exporter.Slice) int {
		return cmp.Or(a.Object.Updated.Compare(b.Object.Updated), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

func (b *bucket) Read(_ context.Context, s exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		b.mu.Lock()
		b.reads++
		o, replaced := b.objects[s.Name], b.replace == s.Name
		b.mu.Unlock()
		if replaced || o.generation != s.Revision {
			yield(exporter.Batch{}, fmt.Errorf("bucket: %s: %w", s.Name, exporter.ErrReplaced))
			return
		}
		if after == "" && len(o.rows) > 0 {
			batch := makeBatch(format.NewBuilder(memory.DefaultAllocator), s, o.rows)
			batch.Cursor = "end"
			if !yield(batch, nil) {
				return
			}
		}
		if b.cut == s.Name {
			yield(exporter.Batch{}, errInjected)
		}
	}
}

// A fileRig runs a pipeline over a bucket. Time stands still.
type fileRig struct {
	*rig
	bucket *bucket
}

func newFileRig(t *testing.T) *fileRig {
	b := &bucket{now: time.Date(2026, 9, 3, 7, 30, 0, 0, time.UTC), settle: 2 * time.Minute, objects: map[string]object{}}
	r := &fileRig{newRig(t, nil), b}
	r.cfg.Source = b
	r.cfg.Targets = []loader.Target{{Table: "orders"}}
	r.cfg.Window = exporter.Window{}
	r.cfg.Now = func() time.Time { return b.now }
	return r
}

func (r *fileRig) loader(t *testing.T) *loader.Loader {
	t.Helper()
	r.runs++
	cfg := r.cfg
	cfg.Warehouse, cfg.Stage, cfg.Run = r.bank, r.stage, fmt.Sprintf("run%03d", r.runs)
	l, err := loader.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r *fileRig) run(t *testing.T) loader.Summary {
	t.Helper()
	s, err := r.loader(t).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Failures {
		t.Errorf("%s %s: %v", f.Stream, f.Slice, f.Err)
	}
	r.empty(t)
	return s
}

// states are the files of the list with what became of them.
func (r *fileRig) states(t *testing.T) string {
	t.Helper()
	files, err := loader.Files(t.Context(), r.bank, "orders")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		out = append(out, fmt.Sprintf("%s@%s %s %s%s", f.Name, f.Generation, f.State, f.LoadedBy, f.Reason))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// ids are the values of the column id in the table, sorted.
func (r *fileRig) ids() string {
	var out []string
	for _, row := range r.bank.tables["orders"].rows {
		out = append(out, fmt.Sprint(row["id"]))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestObjectsLoadOnceAndAgainWhenTheyChange(t *testing.T) {
	r := newFileRig(t)
	r.bucket.put("a.csv", "1", time.Hour, row{"id": 1}, row{"id": 2})
	r.bucket.put("b.csv", "1", time.Minute, row{"id": 3}) // may still be written
	r.bucket.objects["_SUCCESS"] = object{generation: "1", updated: r.bucket.now.Add(-time.Hour), ignored: "a marker"}
	if s := r.run(t); len(s.Loads) != 1 || s.Settling != 1 {
		t.Fatalf("%d loads, %d settling, want 1 and 1", len(s.Loads), s.Settling)
	}
	same(t, "files", "_SUCCESS@1 ignored a marker\na.csv@1 loaded run001\nb.csv@1 settling ", r.states(t))

	r.bucket.now = r.bucket.now.Add(time.Hour)
	r.bucket.put("late.csv", "1", 9*time.Hour, row{"id": 4}) // older than all others, and new
	r.run(t)
	reads := r.bucket.reads
	if s := r.run(t); len(s.Loads) != 0 || r.bucket.reads != reads {
		t.Errorf("a third run loads %d and reads %d", len(s.Loads), r.bucket.reads-reads)
	}
	same(t, "rows", "1 2 3 4", r.ids())

	r.bucket.put("a.csv", "2", time.Hour, row{"id": 5})
	delete(r.bucket.objects, "b.csv")
	r.run(t)
	same(t, "rows after the re-export", "3 4 5", r.ids())
	same(t, "files", "_SUCCESS@1 ignored a marker\na.csv@1 replaced run001\na.csv@2 loaded run004\nb.csv@1 gone run002\nlate.csv@1 loaded run002", r.states(t))
}

// An object that is loaded stays so when the window moves on.
func TestIgnoredAfterItWasLoaded(t *testing.T) {
	r := newFileRig(t)
	r.bucket.put("a.csv", "1", time.Hour, row{"id": 1})
	r.run(t)
	o := r.bucket.objects["a.csv"]
	o.ignored = "before since"
	r.bucket.objects["a.csv"] = o
	r.bucket.objects["b.csv"] = o
	r.run(t)
	same(t, "files", "a.csv@1 loaded run001\nb.csv@1 ignored before since", r.states(t))
}

func TestObjectReplacedWhileItIsRead(t *testing.T) {
	r := newFileRig(t)
	r.bucket.put("a.csv", "1", time.Hour, row{"id": 1})
	r.bucket.put("b.csv", "1", time.Minute*30, row{"id": 2})
	r.bucket.replace = "a.csv"
	s := r.run(t)
	if len(s.Loads) != 1 || len(s.Notices) != 1 || s.Notices[0].Stream != "files/*.csv a.csv" {
		t.Fatalf("%d loads, notices %v", len(s.Loads), s.Notices)
	}
	same(t, "files", "a.csv@1 settled \nb.csv@1 loaded run001", r.states(t))
	r.bucket.replace = ""
	r.bucket.put("a.csv", "2", 10*time.Minute, row{"id": 3})
	r.run(t)
	same(t, "rows", "2 3", r.ids())
	same(t, "files", "a.csv@1 replaced \na.csv@2 loaded run002\nb.csv@1 loaded run001", r.states(t))
}

// What is half read of an object that is there no more is swept by the next run,
// and what is half read of one that stays is gone on with.
func TestHalfReadOfAGoneObject(t *testing.T) {
	for _, gone := range []bool{false, true} {
		r := newFileRig(t)
		r.bucket.put("a.csv", "1", time.Hour, row{"id": 1})
		r.bucket.put("b.csv", "1", 2*time.Hour, row{"id": 2})
		r.bucket.cut = "a.csv"
		if s, err := r.loader(t).Run(t.Context()); err != nil || len(s.Failures) != 1 || len(s.Loads) != 1 {
			t.Fatalf("%+v, %v: want a.csv failed and b.csv loaded", s, err)
		}
		r.bucket.cut = ""
		want := 1
		if gone {
			delete(r.bucket.objects, "a.csv")
			want = 0
		}
		if s := r.run(t); s.Resumed != want || len(s.Loads) != want {
			t.Errorf("gone %t: %d resumed, %d loads, want %d", gone, s.Resumed, len(s.Loads), want)
		}
	}
}

func TestSnapshotIsOfTheNewestObject(t *testing.T) {
	r := newFileRig(t)
	r.cfg.Targets[0].Mode = warehouse.Snapshot
	for i := range 5 {
		r.bucket.put(fmt.Sprintf("%d.csv", i), "1", time.Hour*time.Duration(9-i), row{"id": i})
	}
	if s := r.run(t); len(s.Loads) != 1 {
		t.Fatalf("%d loads, want the newest alone", len(s.Loads))
	}
	same(t, "rows", "4", r.ids())
	if s := r.run(t); len(s.Loads) != 0 {
		t.Errorf("a second run loads %d", len(s.Loads))
	}
}

func TestLate(t *testing.T) {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	// It is 07:30 UTC, 13:00 in Kolkata.
	for _, c := range []struct {
		name   string
		expect loader.Expect
		ago    time.Duration // of the newest object; 0 = none
		want   string
	}{
		{"nobody waits", loader.Expect{}, 1000 * time.Hour, ""},
		{"in time", loader.Expect{Every: 24 * time.Hour}, 23 * time.Hour, ""},
		{"late", loader.Expect{Every: 24 * time.Hour}, 25 * time.Hour, "no new file since 2026-09-02 06:30 UTC, 25h ago; expected is one in every 24h"},
		{"none", loader.Expect{Every: 90 * time.Minute}, 0, "no file has come; expected is one in every 90m"},
		{"by, before it", loader.Expect{Every: 24 * time.Hour, By: 8 * time.Hour, HasBy: true}, 47 * time.Hour, ""},
		{"by, after it", loader.Expect{Every: 24 * time.Hour, By: 6 * time.Hour, HasBy: true}, 26 * time.Hour, "no new file since 2026-09-02 05:30 UTC, 26h ago; expected is one in every 24h, by 06:00 UTC"},
		{"by, came today", loader.Expect{Every: 24 * time.Hour, By: 6 * time.Hour, HasBy: true}, 2 * time.Hour, ""},
		{"by, in a zone", loader.Expect{Every: 24 * time.Hour, By: 13 * time.Hour, HasBy: true, Zone: kolkata}, 24 * time.Hour, "no new file since 2026-09-02 13:00 IST, 24h ago; expected is one in every 24h, by 13:00 IST"},
		{"by midnight", loader.Expect{Every: 48 * time.Hour, HasBy: true}, 55 * time.Hour, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newFileRig(t)
			r.cfg.Targets[0].Expect = c.expect
			if c.ago > 0 {
				r.bucket.put("a.csv", "1", c.ago, row{"id": 1})
			}
			got := ""
			for _, n := range r.run(t).Late {
				got += n.Text
			}
			same(t, "late", c.want, got)
		})
	}
}
