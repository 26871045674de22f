//go:build !noduckdb && cgo

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"tapline/warehouse"
	"tapline/warehouse/bigquery"
	"tapline/warehouse/bigquery/bigquerytest"
)

// A pulledScene is a scene whose BigQuery, one of its own, loads the rig's
// objects itself.
type pulledScene struct {
	*placedScene
	server *bigquerytest.Server
}

// newPullRig is a bucket of two small exports, the second of which has a new
// column, a value of another kind and records that are put aside. Its scenes
// load it by scene.
func newPullRig(t *testing.T) (r *crashRig, scene func(testing.TB) *pulledScene) {
	t.Helper()
	bucket := newViaRig(t)
	bucket.put(t, "a.csv.gz", "id,v,email\n1,1.5,a@x.org\n2,2,b@x.org\n3,,c@x.org\n")
	bucket.put(t, "b.csv", "id,v,email,new\n4,7,d@x.org,x\n5,n/a,e@x.org,\n6\n7,1,f@x.org,y,z\n")
	r = newCrashRig(t, func(sceneOptions) string {
		return fmt.Sprintf(`connections:
  - {name: drop, type: bucket, url: "gs://acme/drop", endpoint: %q, timezone: Asia/Kolkata}
  - {name: bi, type: duckdb, path: bi.duckdb}
pipelines:
  - name: drops
    from: drop
    to: bi
    columns: [{from: email, hash: sha256}]
    streams:
      - {files: "*", table: drops, settle: 0s, via: bigquery}
`, bucket.through)
	})
	return r, func(t testing.TB) *pulledScene {
		s := bigquerytest.NewServer(t, bigquerytest.Options{Storage: bucket.bucket.URL})
		section := fmt.Sprintf("type: bigquery, project: acme, dataset: raw, endpoint: %q", s.URL)
		return &pulledScene{r.at(t, place{"bigquery", section, nil, func(string) (warehouse.Warehouse, error) {
			return bigquery.New(t.Context(), bigquery.Config{Project: "acme", Dataset: "raw", Endpoint: s.URL})
		}}), s}
	}
}

// stages are the staging tables that are left. All have to vanish within a day.
func (s *pulledScene) stages(t testing.TB) (names []string) {
	t.Helper()
	var list struct {
		Tables []struct {
			TableReference struct{ TableID string }
		}
	}
	tables := s.server.URL + "/projects/acme/datasets/raw/tables"
	getJSON(t, tables+"?maxResults=1000", &list)
	for _, entry := range list.Tables {
		name := entry.TableReference.TableID
		if !strings.HasPrefix(name, "_tapline_stage_") {
			continue
		}
		names = append(names, name)
		var table struct{ ExpirationTime string }
		getJSON(t, tables+"/"+name, &table)
		millis, err := strconv.ParseInt(table.ExpirationTime, 10, 64)
		if life := time.Until(time.UnixMilli(millis)); err != nil || life <= 0 || life > 24*time.Hour {
			t.Errorf("the staging table %s is left and expires %q", name, table.ExpirationTime)
		}
	}
	return names
}

func getJSON(t testing.TB, url string, into any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", url, resp.Status, err)
	}
}

// TestCrashVia kills runs whose files BigQuery loads itself: between the steps,
// and amid them, before and after requests. The next run must end with the table
// of one that nothing befell; what the dead one left in BigQuery vanishes.
func TestCrashVia(t *testing.T) {
	_, scene := newPullRig(t)
	first := scene(t)
	if code := first.faulty(t, "count"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, first.said.String())
	}
	want := anyOrder(first.loaded(t))
	if left := first.stages(t); len(left) > 0 {
		t.Errorf("a run that nothing befell left %v", left)
	}
	at := pointsOfPull(t, passed(t, filepath.Join(first.dir, "points.log")))
	var left atomic.Int64
	p := pool.New().WithMaxGoroutines(2)
	for _, n := range at {
		p.Go(func() {
			s := scene(t)
			if code := s.faulty(t, fmt.Sprintf("kill@%d", n)); code != -1 {
				t.Errorf("kill@%d: exit code %d, want a kill\n%s", n, code, s.said.String())
			}
			if got := anyOrder(s.loaded(t)); got != want {
				t.Errorf("kill@%d: %s", n, differing(want, got))
			}
			left.Add(int64(len(s.stages(t))))
		})
	}
	p.Wait()
	if left.Load() == 0 {
		t.Error("no run was killed while it had staging tables")
	}
}

// pointsOfPull picks points at which to kill: after each step of the one or the
// other file, and around some jobs within.
func pointsOfPull(t *testing.T, points []string) (at []int) {
	t.Helper()
	kinds := map[string][]int{}
	for i, p := range points {
		words := strings.Fields(p)
		kind := words[1]
		if strings.HasPrefix(kind, "wire.") {
			kind += " " + words[2]
		}
		kinds[kind] = append(kinds[kind], i+1)
	}
	for i, kind := range []string{"pull.after", "fit.after", "load.before"} {
		if len(kinds[kind]) != 2 {
			t.Fatalf("%d points %s of 2 files, of %v", len(kinds[kind]), kind, kinds)
		}
		at = append(at, kinds[kind][i%2])
	}
	jobs := kinds["wire.after POST/jobs"] // load jobs and queries
	if len(jobs) < 10 {
		t.Fatalf("%d jobs, of %v", len(jobs), kinds)
	}
	at = append(at, jobs[len(jobs)/4], jobs[len(jobs)*3/4])
	slices.Sort(at)
	return slices.Compact(at)
}

// TestTwoPull starts the same pipeline on two machines that have nothing in
// common but bucket and warehouse, not even the stage.
func TestTwoPull(t *testing.T) {
	r, scene := newPullRig(t)
	want := anyOrder(scene(t).loaded(t))
	first := scene(t)
	second := elsewhere(t, first.scene)
	(&stageRig{crashRig: r}).atOnce(t, first.scene, second)
	if got := anyOrder(first.loaded(t)); got != want {
		t.Error(differing(want, got))
	}
	second.mustRun(t, "verify")
	if left := first.stages(t); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
