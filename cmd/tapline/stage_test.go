//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"tapline/objstore/buckettest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery"
	"tapline/warehouse/bigquery/bigquerytest"
)

// TestStageInABucket has each kind of bucket for a stage, of which one answer in
// five is wrong but where requests are counted.
func TestStageInABucket(t *testing.T) {
	account := newAccountRig(t)
	want, placed := account.undisturbed(t), account.at(t, places()["duckdb"](t)).loaded(t)
	for i, cloud := range []string{"s3", "gs"} {
		t.Run(cloud, func(t *testing.T) {
			r := newStageRig(t, account, cloud, want)
			points := r.countRequests(t)
			r.cloud.SetFaults(buckettest.Faults{Rate: 5, Seed: uint64(5 + i)})
			t.Run("KillAndGoOnElsewhere", func(t *testing.T) { r.killLoop(t, 1+i, len(points)) })
			for kind, make := range places() {
				if cloud == "gs" && kind == "bigquery" {
					continue
				}
				t.Run("TwoMachines/"+kind, func(t *testing.T) { r.twoMachines(t, make(t), placed) })
			}
			r.cloud.SetFaults(buckettest.Faults{})
			if cloud == "gs" {
				t.Run("TwoMachines/bigquery", func(t *testing.T) { r.twoMachines(t, bigqueryOver(t, r.cloud.URL), placed) })
				t.Run("CrashAtTheStage", func(t *testing.T) { r.crashes(t, points) })
			}
		})
	}
}

// countRequests counts what a run asks of a bucket, which is paid for by the
// request, and returns the failpoints that it passed.
func (r *stageRig) countRequests(t *testing.T) []string {
	t.Helper()
	var mu sync.Mutex
	count, looking := map[string]int{}, true
	r.cloud.Fail(func(q *http.Request) bool { // it looks on, and no fault befalls
		mu.Lock()
		defer mu.Unlock()
		if looking {
			count[requestKind(q)]++
		}
		return false
	}, -1, buckettest.Fault{})
	began := time.Now()
	points := r.marks(t)
	mu.Lock()
	defer mu.Unlock()
	looking = false
	parts := 0
	for _, p := range points {
		if strings.Contains(p, "stage.put.before") && strings.HasSuffix(p, ".parquet") {
			parts++
		}
	}
	const loads = 4
	paced := loads * int(time.Since(began)/time.Second) // manifests that name parts while others come
	for kind, most := range map[string]int{
		"write": parts + 3*loads + 1 + paced, // a manifest when it begins, is complete, is shaped; the lease
		"read":  parts + 1, "look": 1,        // the lease, at the end
		"list": 2, "remove": parts + loads + 1,
	} {
		if n := count[kind]; n == 0 || n > most {
			t.Errorf("%d parts of %d loads: %d requests to %s, want at most %d: %v", parts, loads, n, kind, most, count)
		}
	}
	return points
}

// requestKind is what a request does, in one word for both protocols.
func requestKind(q *http.Request) string {
	path := strings.Trim(q.URL.Path, "/")
	switch {
	case q.Method == http.MethodDelete:
		return "remove"
	case q.Method == http.MethodPut, q.Method == http.MethodPost:
		return "write"
	case strings.HasSuffix(path, "/o"), !strings.Contains(path, "/") && q.Method == http.MethodGet:
		return "list"
	case q.Method == http.MethodHead, strings.Contains(path, "/o/") && q.URL.Query().Get("alt") != "media":
		return "look"
	}
	return "read"
}

// killLoop kills a run at a seeded mark, lets another machine go on, which is
// killed as well in every other cycle, and wants a third to finish. TAPLINE_SOAK
// says how many cycles.
func (r *stageRig) killLoop(t *testing.T, cycles, marks int) {
	if n, err := strconv.Atoi(os.Getenv("TAPLINE_SOAK")); err == nil {
		cycles = n
	}
	for cycle := range cycles {
		rng := rand.New(rand.NewPCG(uint64(cycle), 1))
		s := r.few(t)
		machines := []*scene{s, elsewhere(t, s), elsewhere(t, s)}
		for _, m := range machines[:2-cycle%2] {
			killAtMark(t, m, 1+rng.IntN(marks*2/3))
		}
		machines[2].mustRun(t, "run")
		machines[2].mustRun(t, "verify")
		r.proven(t, fmt.Sprintf("cycle %d", cycle), s, machines[1:]...)
	}
}

// crashes kills at points of the stage: where the lease, a manifest and a part
// are or are not there for the first or the last time. TAPLINE_SOAK takes the
// first and the last of every kind.
func (r *stageRig) crashes(t *testing.T, points []string) {
	first, last := map[string]int{}, map[string]int{}
	for i, p := range points {
		kind := kindOfPoint(p)
		if !strings.HasPrefix(kind, "stage.") {
			continue
		}
		if first[kind] == 0 {
			first[kind] = i + 1
		}
		last[kind] = i + 1
	}
	at := []int{
		first["stage.put.after lease.json"], first["stage.put.after manifest.json"], last["stage.put.before manifest.json"],
		first["stage.put.half part"], last["stage.put.after part"], first["stage.remove.before manifest.json"], last["stage.remove.after lease.json"],
	}
	if slices.Contains(at, 0) {
		t.Fatalf("no run passes one of these points of the stage: %v, of %v", at, slices.Sorted(maps.Keys(first)))
	}
	if os.Getenv("TAPLINE_SOAK") != "" {
		at = slices.AppendSeq(slices.Collect(maps.Values(first)), maps.Values(last))
	}
	p := pool.New().WithMaxGoroutines(2)
	for _, n := range at {
		p.Go(func() { r.crashAndFinish(t, fmt.Sprintf("kill@%d", n)) })
	}
	p.Wait()
}

// crashAndFinish kills a run and lets another machine finish. The last points
// differ from run to run, so that one may end before its own.
func (r *stageRig) crashAndFinish(t *testing.T, fault string) {
	s := r.few(t)
	if code := s.run(t, []string{"TAPLINE_FAULTS=" + fault}, "run"); code != -1 && code != 0 {
		t.Errorf("%s: exit code %d, want a kill\n%s", fault, code, s.said.String())
	}
	other := elsewhere(t, s)
	if code := other.run(t, nil, "run"); code != 0 {
		t.Errorf("%s: the other machine ends with %d\n%s", fault, code, other.said.String())
		return
	}
	r.proven(t, fault, s, other)
}

// twoMachines starts the same pipeline on two machines at once: they have the
// stage and the warehouse in common and nothing else. One does the work, the
// other says who does or finds nothing to do.
func (r *stageRig) twoMachines(t *testing.T, p place, want string) {
	first := &placedScene{r.few(t), p}
	first.scene.env = p.env
	path := filepath.Join(first.dir, "tapline.yaml")
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	config = biSection.ReplaceAllLiteral(config, []byte("{name: bi, "+p.section+"}"))
	if err := os.WriteFile(path, config, 0o600); err != nil {
		t.Fatal(err)
	}
	second := elsewhere(t, first.scene)
	r.atOnce(t, first.scene, second)
	second.mustRun(t, "run")
	if got := first.loaded(t); got != want { // by a run that finds nothing to do
		t.Error(brief(want, got))
	}
	r.left(t, "two machines", first.scene, second)
}

// bigqueryOver is a BigQuery that loads parts from their own bucket.
func bigqueryOver(t *testing.T, storage string) place {
	t.Helper()
	s := bigquerytest.NewServer(t, bigquerytest.Options{Storage: storage})
	section := fmt.Sprintf("type: bigquery, project: acme, dataset: raw, location: asia-south1, endpoint: %q", s.URL)
	return place{"bigquery", section, []string{"TAPLINE_BACKOFF=5ms"}, func(string) (warehouse.Warehouse, error) {
		return bigquery.New(t.Context(), bigquery.Config{Project: "acme", Dataset: "raw", Location: "asia-south1", Endpoint: s.URL})
	}}
}

// atOnce runs on both machines: one at least succeeds, and the other may be busy.
func (r *stageRig) atOnce(t *testing.T, first, second *scene) {
	t.Helper()
	a, b := first.command(t.Context(), nil, "run"), second.command(t.Context(), nil, "run")
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = a.Wait(), b.Wait() // judged by the exit codes
	switch codes := [2]int{a.ProcessState.ExitCode(), b.ProcessState.ExitCode()}; codes {
	case [2]int{0, 0}, [2]int{0, exitBusy}, [2]int{exitBusy, 0}:
	default:
		t.Errorf("exit codes %v, want 0 and 0 or 5\n%s\n%s", codes, first.said.String(), second.said.String())
	}
}
