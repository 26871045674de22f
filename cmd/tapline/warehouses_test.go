//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tapline/exporter/clevertap/clevertaptest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/duckdb"
	"tapline/warehouse/postgres"
	"tapline/warehouse/postgres/pgtest"
)

// A place is a database that a scene loads into.
type place struct {
	dialect string
	section string   // the keys of its connection
	env     []string // what they refer to
	open    func(dir string) (warehouse.Warehouse, error)
}

// places make a database of each kind, without tables.
func places() map[string]func(t testing.TB) place {
	return map[string]func(t testing.TB) place{
		"duckdb": func(testing.TB) place {
			return place{"duckdb", "type: duckdb, path: bi.duckdb", nil, func(dir string) (warehouse.Warehouse, error) {
				return duckdb.New(duckdb.Config{Path: filepath.Join(dir, "bi.duckdb")})
			}}
		},
		"postgres": func(t testing.TB) place {
			url := pgtest.NewDatabase(t)
			return place{"postgres", `type: postgres, url: "${env:PG_URL}", schema: raw`, []string{"PG_URL=" + url}, func(string) (warehouse.Warehouse, error) {
				return postgres.New(t.Context(), postgres.Config{URL: url, Schema: "raw"})
			}}
		},
		"bigquery": func(t testing.TB) place {
			s := bigquerytest.NewServer(t, bigquerytest.Options{})
			return place{"bigquery", fmt.Sprintf("type: bigquery, project: acme, dataset: raw, location: asia-south1, endpoint: %q", s.URL), []string{"TAPLINE_BACKOFF=5ms"}, func(string) (warehouse.Warehouse, error) {
				return bigquery.New(t.Context(), bigquery.Config{Project: "acme", Dataset: "raw", Location: "asia-south1", Endpoint: s.URL})
			}}
		},
	}
}

// A placedScene is a scene that loads into another database than its rig's.
type placedScene struct {
	*scene
	place
}

var biSection = regexp.MustCompile(`\{name: bi, [^}]*\}`)

// at returns a scene of the rig that loads into p.
func (r *crashRig) at(t testing.TB, p place) *placedScene {
	t.Helper()
	s := r.scene(t, sceneOptions{})
	path := filepath.Join(s.dir, "tapline.yaml")
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := biSection.ReplaceAllLiteralString(string(config), "{name: bi, "+p.section+"}")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = p.env
	return &placedScene{s, p}
}

// faulty runs the binary with faults, and returns its exit code.
func (s *placedScene) faulty(t testing.TB, faults string) int {
	t.Helper()
	return s.run(t, []string{"TAPLINE_FAULTS=" + faults, "TAPLINE_FAULTS_LOG=" + filepath.Join(s.dir, "points.log")}, "run")
}

// loaded runs and verifies, and returns what the database holds then.
func (s *placedScene) loaded(t testing.TB) string {
	t.Helper()
	s.mustRun(t, "run")
	s.mustRun(t, "verify")
	s.clean(t)
	w, err := s.open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := w.(io.Closer); ok {
		defer c.Close()
	}
	return loadedContent(t, w, s.dialect)
}

// TestWarehousesAgree: one source gives the same rows, types, quarantine and
// counts in every warehouse.
func TestWarehousesAgree(t *testing.T) {
	for name, rig := range map[string]*crashRig{
		"account": newAccountRig(t).crashRig, "files": newFilesRig(t), "streams": newStreamsRig(t, streamEntries()...).crashRig,
	} {
		want := rig.at(t, places()["duckdb"](t)).loaded(t)
		for kind, make := range places() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				if got := rig.at(t, make(t)).loaded(t); got != want {
					t.Errorf("not as DuckDB has it: %s", brief(want, got))
				}
			})
		}
	}
}

// remote are the warehouses on other machines.
func remote() []string { return []string{"bigquery", "postgres"} }

// TestCrashWarehouses kills runs into remote warehouses where they speak to
// them, of each kind of request the first, the last and some between; the next
// run must end with the tables of one that nothing befell. What happens
// elsewhere, TestCrashEverywhere tries.
func TestCrashWarehouses(t *testing.T) {
	r := newFilesRig(t)
	want := r.at(t, places()["duckdb"](t)).loaded(t)
	for _, kind := range remote() {
		t.Run(kind, func(t *testing.T) {
			first := r.at(t, places()[kind](t))
			if code := first.faulty(t, "count"); code != 0 {
				t.Fatalf("exit code %d\n%s", code, first.said.String())
			}
			points := byKind(passed(t, filepath.Join(first.dir, "points.log")))
			for _, at := range spread(points) {
				t.Run(fmt.Sprint(at), func(t *testing.T) {
					t.Parallel()
					s := r.at(t, places()[kind](t))
					s.faulty(t, fmt.Sprintf("kill@%d", at))
					if got := s.loaded(t); got != want {
						t.Error(brief(want, got))
					}
				})
			}
		})
	}
}

// spread picks points at which a warehouse is spoken to: of the kinds that come
// once for a table or load the first and the last, of the others one between as well.
func spread(points map[string][]int) (picked []int) {
	for kind, at := range points {
		family, _, _ := strings.Cut(kind, ".")
		n := map[string]int{"load": 2, "ensure": 2, "files": 2, "wire": 3}[family]
		for i := range min(n, len(at)) {
			picked = append(picked, at[i*(len(at)-1)/max(min(n, len(at))-1, 1)])
		}
	}
	slices.Sort(picked)
	return slices.Compact(picked)
}

// TestKillWarehouses kills runs into remote warehouses from outside, several
// times in a row, while one of five of the vendor's answers is wrong.
func TestKillWarehouses(t *testing.T) {
	r := newAccountRig(t)
	want := r.at(t, places()["duckdb"](t)).loaded(t)
	_, points := r.rehearse(t)
	marks := len(points)
	r.server.SetFaults(clevertaptest.Faults{Rate: 5, Seed: 12, Kinds: clevertaptest.Transient()})
	for _, kind := range remote() {
		t.Run(kind, func(t *testing.T) {
			for seed := range uint64(2) {
				rng := rand.New(rand.NewPCG(seed, 2))
				s := r.at(t, places()[kind](t))
				for range 2 + rng.IntN(3) {
					killAtMark(t, s.scene, 1+rng.IntN(marks))
				}
				if got := s.loaded(t); got != want {
					t.Errorf("seed %d: %s", seed, brief(want, got))
				}
			}
		})
	}
}
