//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newGroupRig is a bucket of so many small files of one table, which a warehouse
// may load together. One has a bad row.
func newGroupRig(t testing.TB, files int) *crashRig {
	t.Helper()
	dir := t.TempDir()
	for i := range files {
		path := filepath.Join(dir, fmt.Sprintf("%03d.csv", i))
		rows := fmt.Sprintf("id,word\n%d,one\n%d,two\n", 2*i, 2*i+1)
		if i == files/2 {
			rows += "1,two,three\n"
		}
		if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return newCrashRig(t, func(sceneOptions) string {
		return fmt.Sprintf(`connections:
  - {name: drop, type: bucket, url: %q, timezone: Asia/Kolkata}
  - {name: bi, type: duckdb, path: bi.duckdb}
pipelines:
  - {name: small, from: drop, to: bi, streams: [{files: "*.csv", table: small}]}
`, "file://"+dir)
	})
}

// TestCrashGroup kills runs of which many slices go together, at the jobs of such
// a group and when it is loaded.
func TestCrashGroup(t *testing.T) {
	r := newGroupRig(t, 12)
	want := r.at(t, places()["duckdb"](t)).loaded(t)
	bigquery := places()["bigquery"]
	first := r.at(t, bigquery(t))
	if code := first.faulty(t, "count"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, first.said.String())
	}
	var group []int // points at which it is told of jobs, and the last one
	inside := false
	for i, p := range passed(t, filepath.Join(first.dir, "points.log")) {
		_, p, _ = strings.Cut(p, " ")
		inside = inside && !strings.HasPrefix(p, "loads.after") || strings.HasPrefix(p, "loads.before")
		if inside && (strings.HasPrefix(p, "wire.after POST/upload") || strings.HasPrefix(p, "wire.after POST/jobs")) || strings.HasPrefix(p, "loads.after") {
			group = append(group, i+1)
		}
	}
	if len(group) < 8 {
		t.Fatalf("no group is loaded, or only small ones:\n%s", strings.Join(passed(t, filepath.Join(first.dir, "points.log")), "\n"))
	}
	for _, at := range []int{group[2], group[len(group)/2], group[len(group)-3], group[len(group)-1]} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			s := r.at(t, bigquery(t))
			s.faulty(t, fmt.Sprintf("kill@%d", at))
			if got := s.loaded(t); got != want {
				t.Error(brief(want, got))
			}
		})
	}
}

// TestTwoGroups starts the same pipeline on two machines that have nothing in
// common but bucket and warehouse, not even the stage.
func TestTwoGroups(t *testing.T) {
	r := newGroupRig(t, 12)
	want := r.at(t, places()["duckdb"](t)).loaded(t)
	s := r.at(t, places()["bigquery"](t))
	other := elsewhere(t, s.scene)
	(&stageRig{crashRig: r}).atOnce(t, s.scene, other)
	if got := s.loaded(t); got != want {
		t.Error(brief(want, got))
	}
	other.mustRun(t, "verify")
}
