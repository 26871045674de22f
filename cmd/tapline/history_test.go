package main

import (
	"context"
	stdsql "database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tapline/loader"
	"tapline/warehouse"
)

func testHistory(t *testing.T, path string) *history {
	t.Helper()
	h, err := openHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	at := time.Date(2026, 9, 8, 12, 0, 0, 0, time.UTC)
	h.now = func() time.Time { at = at.Add(time.Second); return at }
	return h
}

func asIs(s string) string { return s }

func TestHistoryOfARun(t *testing.T) {
	ctx := t.Context()
	h := testHistory(t, filepath.Join(t.TempDir(), "deep", "er", "state.db"))
	if err := h.begin(ctx, "run-1", "orders", "run"); err != nil {
		t.Fatal(err)
	}
	running, err := h.list(ctx, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(running) != 1 || running[0].Status != statusRunning || running[0].FinishedAt != nil {
		t.Errorf("a run that goes on is listed as %+v", running)
	}
	receipt := &warehouse.Receipt{RowsLoaded: 7, RowsQuarantined: 1, CellsQuarantined: 2}
	for _, e := range []loader.Event{
		{Kind: loader.Started, Stream: "s", Slice: "a", Table: "t"},
		{Kind: loader.Failed, Stream: "s", Slice: "a", Table: "t", Err: warehouse.ErrLocked},
		{Kind: loader.Loaded, Stream: "s", Slice: "b", Table: "t", Receipt: receipt},
	} {
		if err := h.slice(ctx, "run-1", e, asIs); err != nil {
			t.Fatal(err)
		}
	}
	failed := &runError{pipeline: "orders", failures: []loader.Failure{{Stream: "s", Slice: "a", Err: errors.New("secret thing")}}, loaded: 1}
	redact := func(s string) string { return strings.ReplaceAll(s, "secret", "***") }
	summary := loader.Summary{Loads: []loader.LoadSummary{{Receipt: *receipt}}, Failures: failed.failures, Skipped: 4}
	if err := h.finish(ctx, "run-1", summary, failed, redact); err != nil {
		t.Fatal(err)
	}
	got, err := h.find(ctx, "run")
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 9, 8, 12, 0, 4, 0, time.UTC)
	want := record{ID: "run-1", Pipeline: "orders", Command: "run", Status: statusPartial, StartedAt: end.Add(-3 * time.Second), FinishedAt: &end,
		Loads: 1, Rows: 7, Quarantined: 3, Skipped: 4, Failures: 1, Code: "run.failed", Message: "s a: *** thing"}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(record{})); diff != "" {
		t.Errorf("the run (-want +got):\n%s", diff)
	}
	slices, err := h.slices(ctx, "run-1")
	if err != nil {
		t.Fatal(err)
	}
	wantSlices := []sliceRecord{
		{Stream: "s", Slice: "a", Table: "t", Status: "failed", Code: "warehouse.locked", Message: warehouse.ErrLocked.Error(), At: end.Add(-2 * time.Second)},
		{Stream: "s", Slice: "b", Table: "t", Status: statusDone, Rows: 7, Quarantined: 3, At: end.Add(-time.Second)},
	}
	if diff := cmp.Diff(wantSlices, slices); diff != "" {
		t.Errorf("its slices (-want +got):\n%s", diff)
	}
}

// A run whose process is gone is seen to be interrupted by the next start.
func TestHistoryInterrupted(t *testing.T) {
	ctx := t.Context()
	h := testHistory(t, filepath.Join(t.TempDir(), "state.db"))
	for run, owner := range map[string]string{
		"dead":      machine() + "/2147483646/1",
		"reused":    machine() + "/1/0", // process 1 lives, and started at another time
		"rebooted":  hostname() + "@another-boot/1/1",
		"elsewhere": "another-host@boot/1/1",
	} {
		if err := execute(ctx, h.db, "begin_run", nil, run, "p", "run", statusRunning, 1, owner); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.begin(ctx, "mine", "p", "run"); err != nil {
		t.Fatal(err)
	}
	list, err := h.list(ctx, "p", 10)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range list {
		got[r.ID] = r.Status
	}
	want := map[string]string{"dead": statusInterrupted, "reused": statusInterrupted, "rebooted": statusInterrupted,
		"elsewhere": statusRunning, "mine": statusRunning}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status by run (-want +got):\n%s", diff)
	}
}

func TestHistoryErrNewer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	h := testHistory(t, path)
	if err := execute(t.Context(), h.db, "set_user_version", map[string]int{"Version": 999}); err != nil {
		t.Fatal(err)
	}
	_, err := openHistory(t.Context(), path)
	if !errors.Is(err, errStateNewer) || classify(err).Code != "state.newer" {
		t.Errorf("opening = %v, want errStateNewer", err)
	}
}

func TestHistoryErrNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openHistory(t.Context(), path)
	if !errors.Is(err, errState) || classify(err).Code != "state.unreadable" {
		t.Errorf("opening = %v, want errState", err)
	}
}

// Processes that start at the same time migrate once, and all find the tables.
func TestHistoryMigratesOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			h, err := openHistory(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = h.close() }()
			if _, err := h.list(context.Background(), "", 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	db, err := stdsql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var version int
	if err := db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version); err != nil || version != 3 {
		t.Errorf("user_version %d, %v; want 3", version, err)
	}
}
