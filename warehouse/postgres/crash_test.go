package postgres

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
	"tapline/warehouse/warehousetest"
)

// Two sessions on the server serve everyone who connects, a transaction each.
func TestThroughBouncer(t *testing.T) {
	address := func(t *testing.T) string { return pgtest.Bouncer(t, pgtest.NewDatabase(t)) }
	s := subject(address, Config{MaxConns: 2})
	t.Run("Suite", func(t *testing.T) { warehousetest.Run(t, s) })
	for _, parallel := range []string{"one", "two"} {
		t.Run(parallel, func(t *testing.T) {
			t.Parallel()
			in := s.New(t)
			w := in.Warehouse.(*Warehouse)
			other := in.Reopen(t)
			columns := columnsOf("id", integr, "v", text)
			for rev := range 3 {
				l := loadOf(t, "t", "d1", rev, columns, numbered(500, "a")...)
				l.Mode, l.Key = warehouse.Merge, []string{"id"}
				first := put(t, w, l)
				again, err := other.Load(t.Context(), l)
				if err != nil || again != first {
					t.Fatalf("again = %+v, %v; want %+v", again, err, first)
				}
			}
			proven(t, w, 1)
			files := []warehouse.File{{Pipeline: "p", Name: "a", State: warehouse.FileLoaded}}
			view := warehouse.View{Name: "w", Query: "SELECT count(*) AS n FROM t"}
			if err := errors.Join(w.PutFiles(t.Context(), files), w.PutView(t.Context(), view), w.Check(t.Context())); err != nil {
				t.Fatal(err)
			}
			for rec, err := range w.Query(t.Context(), "SELECT n FROM w") {
				if err != nil || rec.Column(0).ValueStr(0) != "500" {
					t.Fatalf("query: %v, %v", rec, err)
				}
			}
		})
	}
}

// The server dies in the middle of a load, sooner or later, and comes back; the
// next run makes the table whole.
func TestServerStopped(t *testing.T) {
	server := pgtest.New(t)
	direct := server.Database(t)
	p := newProxy(t, direct)
	w := open(t, Config{URL: p.URL})
	columns := columnsOf("id", integr, "v", text)
	put(t, w, loadOf(t, "t", "d1", 1, columns, numbered(1000, "old")...))
	l := loadOf(t, "t", "d1", 2, columns, numbered(30_000, "a text that fills the buffers between here and there")...)
	for _, after := range []int64{100, 500_000, 2_500_000} {
		p.on(after, server.Stop)
		if _, err := w.Load(t.Context(), l); !errors.Is(err, warehouse.ErrUnreachable) {
			t.Fatalf("stopped after %d bytes: error = %v, want ErrUnreachable", after, err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		if rows := pgtest.Rows(t, direct, "SELECT count(*), min(v) FROM t"); rows[0] != "1000|old" {
			t.Fatalf("after the crash: %v", rows)
		}
	}
	r, err := w.Load(t.Context(), l)
	if err != nil || r.RowsLoaded != 30_000 {
		t.Fatalf("the next run: %+v, %v", r, err)
	}
	proven(t, w, 1)
}

// The answer to the commit is lost: what became of it is looked up.
func TestCommitLost(t *testing.T) {
	direct := pgtest.NewDatabase(t)
	p := newProxy(t, direct)
	w := open(t, Config{URL: p.URL})
	columns := columnsOf("id", integr, "v", text)
	put(t, w, loadOf(t, "t", "d0", 1, columns, numbered(10, "a")...))

	l := loadOf(t, "t", "d1", 1, columns, numbered(10, "a")...)
	p.loseCommit(true)
	r, err := w.Load(t.Context(), l)
	if err != nil || r.ID != l.ID {
		t.Fatalf("done, and not said: %+v, %v", r, err)
	}
	l = loadOf(t, "t", "d2", 1, columns, numbered(10, "a")...)
	p.loseCommit(false)
	if _, err := w.Load(t.Context(), l); !errors.Is(err, warehouse.ErrUnreachable) || !strings.Contains(err.Error(), "nothing of it is visible") {
		t.Fatalf("not done: error = %v", err)
	}
	if _, err := w.Load(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	proven(t, w, 3)
}

// The server goes away at the commit, and comes back or not.
func TestOutcome(t *testing.T) {
	server := pgtest.New(t)
	w := open(t, Config{URL: server.Database(t)})
	columns := columnsOf("id", integr, "v", text)
	l := loadOf(t, "t", "d1", 1, columns, numbered(10, "a")...)
	want := put(t, w, l)
	lost := &outcomeError{io.ErrUnexpectedEOF}
	back := make(chan error)
	server.Stop()
	go func() {
		time.Sleep(300 * time.Millisecond)
		back <- server.Start()
	}()
	have, err := w.outcome(t.Context(), l, lost)
	if started := <-back; started != nil {
		t.Fatal(started)
	}
	if d := cmp.Diff(want, have); d != "" || err != nil {
		t.Errorf("it comes back: %v, receipt differs (- want, + have):\n%s", err, d)
	}
	server.Stop()
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := w.outcome(short, l, lost); !errors.Is(err, warehouse.ErrUnreachable) {
		t.Errorf("it stays away: %v, want ErrUnreachable", err)
	}
	if _, err := w.Table(t.Context(), "t"); !errors.Is(err, warehouse.ErrUnreachable) {
		t.Errorf("Table: %v, want ErrUnreachable", err)
	}
}

// A part that breaks off in the middle leaves nothing, and the connection serves
// the next load.
func TestBrokenPart(t *testing.T) {
	w := open(t, Config{URL: pgtest.NewDatabase(t), MaxConns: 1})
	columns := columnsOf("id", integr, "v", text)
	put(t, w, loadOf(t, "t", "d1", 1, columns, numbered(5, "old")...))
	l := loadOf(t, "t", "d1", 2, columns, numbered(30_000, "new")...)
	whole, err := os.ReadFile(l.Parts[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := append([]byte(nil), whole...)
	for i := len(spoiled) / 4; i < len(spoiled)/2; i++ {
		spoiled[i] ^= 0x55
	}
	for name, content := range map[string][]byte{"cut": whole[:len(whole)/2], "spoiled": spoiled, "empty": nil} {
		if err := os.WriteFile(l.Parts[0].Path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Load(t.Context(), l); err == nil {
			t.Errorf("%s: no error", name)
		}
		if rows := pgtest.Rows(t, w.cfg.URL, "SELECT count(*), min(v) FROM t"); rows[0] != "5|old" {
			t.Errorf("%s: rows = %v", name, rows)
		}
	}
	if err := os.WriteFile(l.Parts[0].Path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, w, l)
	proven(t, w, 1)
}
