package clevertap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/exporter/exportertest"
)

// byID is an entry for the given ids.
func byID(by string, ids ...string) clevertap.Selection {
	return clevertap.Selection{Stream: "profiles_by_id", IDs: ids, ProfileKeys: clevertap.ProfileKeys{By: by}}
}

// listSlice is the one slice of the entry.
func listSlice(t *testing.T, src exporter.Source) exporter.Slice {
	t.Helper()
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sl, err := src.Slices(t.Context(), streams[0], exporter.Window{})
	if err != nil || len(sl) != 1 || !sl[0].Day.IsZero() {
		t.Fatalf("Slices: %v, %v", sl, err)
	}
	return sl[0]
}

// identities of a shop's users, some of whom never did anything.
func identities(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint(100000+i))
	}
	return ids
}

func TestByIDSuite(t *testing.T) {
	exportertest.Run(t, func(t *testing.T) exportertest.Subject {
		so := clevertaptest.Options{Data: &clevertaptest.Shop{Seed: 3, First: first, Days: 2, Rows: 9000}}
		r := newRig(t, so)
		r.sel = []clevertap.Selection{byID("identity", identities(60)...), byID("email", "nobody@example.com")}
		r.sel[0].Children = []string{"events"}
		r.sel[1].Name = "none"
		r.opt.BatchRows = 8
		variant := func(slots, rows int, bytes int64) exporter.Source {
			v := *r
			v.cfg.Slots, v.opt.BatchRows, v.opt.BatchBytes = slots, rows, bytes
			return v.source(t)
		}
		so.Faults = clevertaptest.Faults{Rate: 5, Seed: 29}
		f := newRig(t, so)
		f.sel = r.sel
		f.opt.Retry.Tries = 20
		t.Cleanup(func() {
			if !t.Failed() {
				r.clean(t)
				f.clean(t)
			}
		})
		return exportertest.Subject{
			Source: r.source(t), Window: exporter.Window{Since: first, Until: first.Add(3)},
			Variants: map[string]exporter.Source{"one at a time": variant(1, 0, 0), "by memory": variant(3, 0, 1)},
			Faulty:   f.source(t),
			Idle: func() {
				r.source(t).Close()
				f.source(t).Close()
			},
		}
	})
}

// addFour adds users who are found by each kind of id.
func addFour(r *rig) {
	for i, extra := range []string{`"objectId":"o/1"`, `"email":"a+b@example.com"`, `"platformInfo":[{"objectId":"é 3"}]`, `"profileData":{"a":"$D_1"}`} {
		r.server.AddProfiles(foo, first, fmt.Sprintf(`{"identity":"id %d",%s}`, i+1, extra))
	}
}

// TestByIDLists: a list is the same wherever it comes from, and in its order.
func TestByIDLists(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	with := func(change func(*clevertap.Selection)) clevertap.Selection {
		e := byID("identity")
		e.IDs = nil
		change(&e)
		return e
	}
	query := func(_ context.Context, sql string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for _, id := range strings.Split(sql, ",") {
				if !yield(id, nil) {
					return
				}
			}
		}
	}
	want := []string{"id 3", "id 1", "id 4"}
	for _, tt := range []struct {
		name string
		sel  clevertap.Selection
		want []string
	}{
		{"IDs", byID("identity", "id 3", "id 1", "gone", "id 4"), want},
		{"Email", byID("email", "a+b@example.com", "x@example.com"), []string{"id 2"}},
		{"ObjectID", byID("objectId", "é 3", "o/1", "o"), []string{"id 3", "id 1"}},
		{"Lines", with(func(e *clevertap.Selection) { e.IDsFile = file("ids.txt", "\ufeffid 3\r\n\n  id 1 \ngone\nid 4") }), want},
		{"CSV", with(func(e *clevertap.Selection) {
			e.IDsFile, e.IDsColumn = file("ids.csv", "\ufeffname,the id\nA,id 3\n\"B, b\",\"id 1\"\nC\nD,\nE,id 4,more\n"), "the id"
		}), want},
		{"Query", with(func(e *clevertap.Selection) { e.IDsQuery = "id 3,id 1,,id 4" }), want},
		{"Nobody", byID("identity", "gone", "gone too"), nil},
		{"Empty", with(func(e *clevertap.Selection) { e.IDsFile = file("none.txt", "\n\n") }), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			addFour(r)
			r.sel, r.opt.Query = []clevertap.Selection{tt.sel}, query
			src := r.source(t)
			c, err := read(t, src, listSlice(t, src), "")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range c.Rows {
				got = append(got, cell(row, "identity"))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if peak := r.server.Peak("/1/profile.json"); peak > 3 {
				t.Errorf("%d in flight", peak)
			}
			r.clean(t)
		})
	}
}

// TestByIDRevision: the slice is due once a day, and when the list holds others.
func TestByIDRevision(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	addFour(r)
	revision := func(ids ...string) string {
		v := *r
		v.sel = []clevertap.Selection{byID("identity", ids...)}
		return listSlice(t, v.source(t)).Revision
	}
	base := revision("1", "2", "3")
	if base != revision("3", "1", "2") || !strings.HasPrefix(base, "2026-09-05.") {
		t.Errorf("revision %s, and %s in another order", base, revision("3", "1", "2"))
	}
	for _, other := range []string{revision("1", "2"), revision("1", "2", "3", "3"), revision("1", "2", "4"), revision("12", "3")} {
		if other == base {
			t.Errorf("another list has the same revision %s", base)
		}
	}
}

// TestByIDChanges: a list that is another one than planned is not read, nor one
// in another order gone on with.
func TestByIDChanges(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	addFour(r)
	list := []string{"id 1", "id 2", "id 3"}
	var fails error
	r.sel = []clevertap.Selection{{Stream: "profiles_by_id", ProfileKeys: clevertap.ProfileKeys{By: "identity", IDsQuery: "SELECT"}}}
	r.opt.BatchRows = 1
	r.opt.Query = func(context.Context, string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for _, id := range list {
				if !yield(id, nil) {
					return
				}
			}
			if fails != nil {
				yield("", fails)
			}
		}
	}
	src := r.source(t)
	sl := listSlice(t, src)
	c, err := read(t, src, sl, "")
	if err != nil || len(c.Rows) != 3 {
		t.Fatalf("%d rows, error %v", len(c.Rows), err)
	}
	list = []string{"id 2", "id 1", "id 3"}
	if _, err := read(t, src, sl, c.Cursors[0]); !errors.Is(err, exporter.ErrCursorExpired) {
		t.Errorf("in another order: %v", err)
	}
	if again, err := read(t, src, sl, ""); err != nil || len(again.Rows) != 3 {
		t.Errorf("from the start: %d rows, error %v", len(again.Rows), err)
	}
	list = append(list, "id 4")
	if _, err := read(t, src, sl, ""); !errors.Is(err, exporter.ErrReplaced) {
		t.Errorf("with another id: %v", err)
	}
	fails = errors.New("no such table")
	if _, err := src.Slices(t.Context(), sl.Stream, exporter.Window{}); !errors.Is(err, fails) {
		t.Errorf("planned: %v, want %v", err, fails)
	}
	if _, err := read(t, src, sl, ""); !errors.Is(err, fails) {
		t.Errorf("read: %v, want %v", err, fails)
	}
}

func TestByIDBadLists(t *testing.T) {
	csv := filepath.Join(t.TempDir(), "ids.csv")
	if err := os.WriteFile(csv, []byte("a,b\n1,\"secret id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		keys clevertap.ProfileKeys
		ids  []string
		want string
	}{
		{"NoFile", clevertap.ProfileKeys{IDsFile: filepath.Join(t.TempDir(), "none.txt")}, nil, "ids_file: open "},
		{"NoColumn", clevertap.ProfileKeys{IDsFile: csv, IDsColumn: "c"}, nil, `the first line has no column "c"`},
		{"BadCSV", clevertap.ProfileKeys{IDsFile: csv, IDsColumn: "b"}, nil, "ids.csv: parse error on line 2"},
		{"TooLong", clevertap.ProfileKeys{}, []string{"a", strings.Repeat("secret", 1000)}, "ids: id 2: longer than 1024 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			r.server.AddEvents(foo, first)
			tt.keys.By = "identity"
			r.sel = []clevertap.Selection{{Stream: "profiles_by_id", IDs: tt.ids, ProfileKeys: tt.keys}}
			src := r.source(t)
			_, err := src.Slices(t.Context(), exporter.Stream{Name: "profiles_by_id", Kind: "profiles_by_id"}, exporter.Window{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	r := newRig(t, clevertaptest.Options{})
	r.sel = []clevertap.Selection{{Stream: "profiles_by_id", ProfileKeys: clevertap.ProfileKeys{By: "identity", IDsQuery: "SELECT 1"}}}
	src := r.source(t)
	sl := exporter.Slice{Stream: exporter.Stream{Name: "profiles_by_id", Kind: "profiles_by_id"}, Name: "list"}
	if _, err := read(t, src, sl, ""); err == nil || !strings.Contains(err.Error(), "no warehouse here") {
		t.Errorf("without a warehouse: %v", err)
	}
}

// TestByIDSaysNoID: an id is in the URL, and nowhere that people see.
func TestByIDSaysNoID(t *testing.T) {
	const id = "Canary+1@example.com"
	text := func(status int, body string) clevertaptest.Fault {
		return clevertaptest.Fault{Kind: clevertaptest.Answer, Status: status, Text: body}
	}
	profile := func(q clevertaptest.Request) bool { return q.Op == clevertaptest.OpProfile }
	for name, f := range map[string]clevertaptest.Fault{
		"refused": text(400, `{"status":"fail","error":"no such thing as canary+1@EXAMPLE.com or Canary%2B1%40example.com","code":400}`),
		"failing": text(200, `{"status":"fail","error":"`+id+` is odd"}`),
		"server":  text(500, `{"status":"fail","error":"`+id+`","code":500}`),
		"html":    {Kind: clevertaptest.Answer, Status: 404, Text: "<html>" + id},
		"reset":   {Kind: clevertaptest.Reset},
		"strange": text(200, `{"status":"success"}`),
		"cut":     text(200, `{"status":"success","record":{"email":"`+id),
		"away":    {Kind: clevertaptest.Answer, Status: 302, Header: map[string]string{"Location": "https://elsewhere.example/x?email=" + id}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r := newRig(t, clevertaptest.Options{})
			addFour(r)
			r.opt.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			r.opt.Retry.Tries, r.cfg.Slots = 3, 1
			r.sel = []clevertap.Selection{byID("email", "a+b@example.com", id)}
			r.server.Fail(func(q clevertaptest.Request) bool { return profile(q) && q.N >= 2 }, -1, f)
			src := r.source(t)
			c, err := read(t, src, listSlice(t, src), "")
			if err == nil || len(c.Rows) != 1 {
				t.Fatalf("%d rows before error %v: %+v", len(c.Rows), err, r.server.Requests())
			}
			said := strings.ToLower(err.Error() + log.String())
			if strings.Contains(said, "canary") {
				t.Errorf("the id is said: %s", said)
			}
		})
	}
}

// TestByIDNotFound: an answer that is not CleverTap's is no answer; one that
// nobody is found is worth a word.
func TestByIDNotFound(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, clevertaptest.Options{})
	addFour(r)
	r.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
	r.sel = []clevertap.Selection{byID("identity", "x", "y")}
	src := r.source(t)
	if c, err := read(t, src, listSlice(t, src), ""); err != nil || len(c.Rows) != 0 {
		t.Fatalf("%d rows, error %v", len(c.Rows), err)
	}
	if !strings.Contains(log.String(), `level=WARN msg="ids were not found"`) || !strings.Contains(log.String(), "missing=2") {
		t.Errorf("said: %s", log.String())
	}
}
