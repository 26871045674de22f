//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// benchDay is one day of one event, of about so many rows.
func benchShop(rows int) *clevertaptest.Shop {
	// Product Viewed has 27 of 62 parts of a day.
	return &clevertaptest.Shop{Seed: 9, First: exporter.Day{Year: 2026, Month: time.September, Day: 1}, Days: 1, Rows: rows * 62 / 27}
}

// releaseBinary builds tapline as it is released.
func releaseBinary(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "tapline")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// A loaded day is what a run of the binary took.
type loadedDay struct {
	rows                     int64
	wall                     time.Duration
	cpu                      time.Duration
	peak                     int64 // bytes
	read, stage, shape, load float64
}

// loadDay serves a day over loopback from this process and runs the binary over it.
func loadDay(tb testing.TB, binary string, rows int) loadedDay {
	tb.Helper()
	server := clevertaptest.NewServer(tb, clevertaptest.Options{Data: benchShop(rows), CursorFirst: true})
	dir := tb.TempDir()
	config := fmt.Sprintf(`version: 1
connections:
  - {name: ct, type: clevertap, url: %q, account_id: "${env:CT_ACCOUNT_ID}", passcode: "${env:CT_PASSCODE}", timezone: Asia/Kolkata}
  - {name: bi, type: duckdb, path: bi.duckdb}
pipelines:
  - {name: day, from: ct, to: bi, since: 2026-09-01, until: 2026-09-02, streams: [{stream: events, events: [%q], table: views}]}
`, server.URL, clevertaptest.ProductViewed)
	if err := os.WriteFile(filepath.Join(dir, "tapline.yaml"), []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "-o", "json")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CT_ACCOUNT_ID="+clevertaptest.DefaultAccountID, "CT_PASSCODE="+clevertaptest.DefaultPasscode)
	var out, logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &logs
	began := time.Now()
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%v\n%s%s", err, out.String(), logs.String())
	}
	day := loadedDay{wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		day.peak = usage.Maxrss << 10
	}
	var answer struct {
		Result runResult `json:"result"`
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		tb.Fatal(err)
	}
	p := answer.Result.Pipelines[0]
	day.rows = p.RowsLoaded
	day.read, day.stage, day.shape, day.load = p.Spent.Read, p.Spent.Stage, p.Spent.Shape, p.Spent.Load
	if want := benchShop(rows).Len(clevertaptest.ProductViewed, benchShop(rows).First); day.rows != int64(want) {
		tb.Fatalf("%d rows loaded, want %d", day.rows, want)
	}
	return day
}

// fetchPages walks the same day as plain files, for the yardstick.
func fetchPages(tb testing.TB, rows int, dir string) {
	tb.Helper()
	server := clevertaptest.NewServer(tb, clevertaptest.Options{Data: benchShop(rows), CursorFirst: true})
	ask := func(method, path, body string) map[string]json.RawMessage {
		req, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		if err != nil {
			tb.Fatal(err)
		}
		req.Header.Set("X-CleverTap-Account-Id", clevertaptest.DefaultAccountID)
		req.Header.Set("X-CleverTap-Passcode", clevertaptest.DefaultPasscode)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			tb.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			tb.Fatal(err)
		}
		var page map[string]json.RawMessage
		if err := json.Unmarshal(data, &page); err != nil {
			tb.Fatal(err)
		}
		if page["records"] != nil {
			n, _ := os.ReadDir(dir)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("page%05d.json", len(n))), data, 0o600); err != nil {
				tb.Fatal(err)
			}
		}
		return page
	}
	text := func(raw json.RawMessage) (s string) {
		_ = json.Unmarshal(raw, &s) // absent: empty, the end
		return s
	}
	cursor := text(ask(http.MethodPost, "/1/events.json?batch_size=5000&app=true&events=false&profile=true",
		fmt.Sprintf(`{"event_name":%q,"from":20260901,"to":20260901}`, clevertaptest.ProductViewed))["cursor"])
	for cursor != "" {
		cursor = text(ask(http.MethodGet, "/1/events.json?cursor="+cursor, "")["next_cursor"])
	}
}

// BenchmarkRun loads a day of 500,000 events over loopback into a DuckDB table with the binary, and
// compares with DuckDB making a table of the same pages, which it finds as files.
func BenchmarkRun(b *testing.B) {
	const rows = 500_000
	binary, pages := releaseBinary(b), b.TempDir()
	fetchPages(b, rows, pages)
	var ours, theirs time.Duration
	var last loadedDay
	for b.Loop() {
		last = loadDay(b, binary, rows)
		ours += last.wall
		began := time.Now()
		duckdbLoad(b, pages, filepath.Join(b.TempDir(), "theirs.duckdb"))
		theirs += time.Since(began)
	}
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "of-duckdb")
	b.ReportMetric(float64(b.N)*float64(last.rows)/ours.Seconds(), "rows/s")
	b.ReportMetric(last.cpu.Seconds(), "cpu-s")
	all := last.read + last.stage + last.shape + last.load
	for name, v := range map[string]float64{"read-%": last.read, "stage-%": last.stage, "shape-%": last.shape, "load-%": last.load} {
		b.ReportMetric(100*v/all, name)
	}
	b.ReportMetric(0, "ns/op")
}

// duckdbLoad makes a table of the pages with DuckDB alone, its types found by itself.
func duckdbLoad(b *testing.B, pages, path string) {
	b.Helper()
	db, err := sql.Open("duckdb", path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"set threads=2", "set preserve_insertion_order=false",
		fmt.Sprintf(`create table views as select r.ts, unnest(r.profile), unnest(r.event_props) from (select unnest(records) as r
			from read_json('%s/page*.json', format='unstructured', maximum_object_size=67108864, sample_size=-1))`, pages), "checkpoint"} {
		if _, err := db.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
}

const benchMemoryRows = 5_000_000

// BenchmarkMemory loads a day of 5,000,000 events and reports the peak of the
// binary's memory.
func BenchmarkMemory(b *testing.B) {
	binary := releaseBinary(b)
	for b.Loop() {
		day := loadDay(b, binary, benchMemoryRows)
		b.ReportMetric(float64(day.peak)/(1<<20), "peak-MiB")
		b.ReportMetric(float64(day.rows)/day.wall.Seconds(), "rows/s")
		b.ReportMetric(day.wall.Seconds(), "s")
	}
	b.ReportMetric(0, "ns/op")
}
