//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// builtDir is where binaries for the tests of this process are built.
func builtDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprint("tapline-tests-", os.Getpid()))
}

// faultsBinary builds tapline with its failpoints, once for all tests.
var faultsBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(builtDir(), "tapline")
	out, err := exec.Command("go", "build", "-tags", "faults", "-ldflags", "-s -w", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build -tags faults: %w\n%s", err, out)
	}
	return path, nil
})

// A crashRig is a vendor and a binary that can be killed.
type crashRig struct {
	binary string
	// config is the configuration of a scene, without its settings.
	config func(sceneOptions) string
	rows   int      // of a batch where a scene says nothing; 0 = 60, a part for every page or two
	env    []string // of the binary
}

func newCrashRig(t testing.TB, config func(sceneOptions) string) *crashRig {
	t.Helper()
	binary, err := faultsBinary()
	if err != nil {
		t.Fatal(err)
	}
	return &crashRig{binary: binary, config: config}
}

// An accountRig has an account in this process for its vendor.
type accountRig struct {
	*crashRig
	server *clevertaptest.Server
}

// newAccountRig starts an account of two events and two days, small enough that
// hundreds of runs over it take no long, with several pages a slice.
func newAccountRig(t testing.TB) *accountRig {
	t.Helper()
	shop := &clevertaptest.Shop{Seed: 3, First: exporter.Day{Year: 2026, Month: time.September, Day: 1}, Days: 2, Rows: 900, Garbage: 6, Epochs: 2}
	server := clevertaptest.NewServer(t, clevertaptest.Options{Data: shop})
	r := &accountRig{server: server, crashRig: newCrashRig(t, func(o sceneOptions) string {
		return fmt.Sprintf(`connections:
  - {name: ct, type: clevertap, url: %q, account_id: "${env:CT_ACCOUNT_ID}", passcode: "${env:CT_PASSCODE}", timezone: Asia/Kolkata, batch_size: %d}
  - {name: bi, type: duckdb, path: bi.duckdb, snapshot: read.duckdb}
pipelines:
  - name: orders
    from: ct
    to: bi
    since: 2026-09-01
    until: 2026-09-03
    columns:
      - {from: profile.email, hash: sha256}
      - {from: profile.phone, drop: true}
    streams:
      - {stream: events, events: ["Order Placed", "Charged"], table: "ev_{event}"}
`, server.URL, o.batchSize)
	})}
	// A column that is a number on one day and a text on the next, and a row that
	// no table can hold.
	for i := range 40 {
		mixed := []string{"7", "true", "1.5", `"text"`, "null", "9007199254740993", `"$D_1756700000"`}[i%7]
		d := shop.First.Add(i % 2)
		r.server.AddEvents(clevertaptest.Charged, d, fmt.Sprintf(
			`{"profile":{"objectId":"late-%d"},"ts":%s120000,"event_props":{"Mixed":%s,"On %s":%d}}`, i, strings.ReplaceAll(d.String(), "-", ""), mixed, d, i))
	}
	r.server.AddEvents(clevertaptest.Charged, shop.First.Add(1),
		`{"profile":{"objectId":"twice"},"ts":20260902120000,"ts":20260902120001,"event_props":{}}`)
	return r
}

// A scene is a folder with a configuration, in which the binary runs.
type scene struct {
	*crashRig
	dir       string
	batchRows int
	env       []string     // what its configuration refers to, the account aside
	said      bytes.Buffer // everything that was printed
}

// sceneOptions vary what must not show in the table.
type sceneOptions struct {
	batchSize, concurrency, batchRows int
	memory                            string
}

func (r *crashRig) scene(t testing.TB, o sceneOptions) *scene {
	t.Helper()
	return r.sceneIn(t, t.TempDir(), o)
}

func (r *crashRig) sceneIn(t testing.TB, dir string, o sceneOptions) *scene {
	t.Helper()
	if o.batchSize == 0 {
		o.batchSize = 46
	}
	if o.concurrency == 0 {
		o.concurrency = 2
	}
	if o.memory == "" {
		o.memory = "64MiB"
	}
	if o.batchRows == 0 {
		o.batchRows = cmp.Or(r.rows, 60)
	}
	config := fmt.Sprintf("version: 1\nmemory: %s\nconcurrency: %d\n", o.memory, o.concurrency) + r.config(o)
	if err := os.WriteFile(filepath.Join(dir, "tapline.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return &scene{crashRig: r, dir: dir, batchRows: o.batchRows}
}

// command prepares a run of the binary in the scene.
func (s *scene) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "CT_ACCOUNT_ID="+clevertaptest.DefaultAccountID, "CT_PASSCODE="+clevertaptest.DefaultPasscode,
		"TZ=UTC", "NO_COLOR=1", "TAPLINE_FAULTS=", "TAPLINE_FAULTS_LOG=",
		"TAPLINE_BATCH_ROWS="+strconv.Itoa(s.batchRows))
	cmd.Env = append(append(append(cmd.Env, s.crashRig.env...), s.env...), env...)
	cmd.Stdout, cmd.Stderr = &s.said, &s.said
	return cmd
}

// run runs the binary to its end and returns its exit code, -1 when a signal ended it.
func (s *scene) run(t testing.TB, env []string, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	from := s.said.Len()
	err := s.command(ctx, env, args...).Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("tapline %v: %v", args, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("tapline %v did not end:\n%s", args, s.said.Bytes()[from:])
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

// mustRun wants exit code 0.
func (s *scene) mustRun(t testing.TB, args ...string) {
	t.Helper()
	from := s.said.Len()
	if code := s.run(t, nil, args...); code != 0 {
		t.Fatalf("tapline %v: exit code %d\n%s", args, code, s.said.Bytes()[from:])
	}
}

// content is what a BI tool would see, without what differs from load to load:
// every row of every table, the quarantine, and the receipts' counts.
func (s *scene) content(t testing.TB) string {
	t.Helper()
	return databaseContent(t, filepath.Join(s.dir, "bi.duckdb"))
}

func databaseContent(t testing.TB, path string) string {
	t.Helper()
	db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	queries := []string{`select column_name, data_type, table_name from information_schema.columns where table_name not like '\_tapline%' escape '\' order by table_name, ordinal_position`}
	tables, err := db.Query(`select table_name from information_schema.tables where table_name not like '\_tapline%' escape '\' order by all`)
	if err != nil {
		t.Fatal(err)
	}
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		queries = append(queries, fmt.Sprintf(`select columns(* exclude (_tapline_load, _tapline_loaded_at)) from %q order by _tapline_slice, _tapline_row`, name))
	}
	if err := tables.Err(); err != nil {
		t.Fatal(err)
	}
	queries = append(queries,
		`select columns(* exclude (load, place, quarantined_at)) from _tapline_quarantine order by slice, "row", "column"`,
		`select table_name, status, slice, rows_read, rows_loaded, rows_quarantined, cells_quarantined from _tapline_loads order by all`)
	for _, q := range queries {
		fmt.Fprintln(&out, "--", q)
		appendRows(t, &out, db, q)
	}
	return out.String()
}

func appendRows(t testing.TB, out *strings.Builder, db *sql.DB, query string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells, at := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			at[i] = &cells[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		for i, c := range cells {
			if c != nil {
				fmt.Fprintf(out, " %s=%v", names[i], c)
			}
		}
		out.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// clean checks that the stage holds no part any more, and that no byte of the
// scene or of what was printed is the passcode.
func (s *scene) clean(t testing.TB) {
	t.Helper()
	secrets := [][]byte{[]byte(clevertaptest.DefaultPasscode), []byte(base64.StdEncoding.EncodeToString([]byte(clevertaptest.DefaultPasscode))),
		[]byte(url.QueryEscape(clevertaptest.DefaultPasscode))}
	look := func(where string, data []byte) {
		for _, secret := range secrets {
			if bytes.Contains(data, secret) {
				t.Errorf("the passcode is in %s", where)
			}
		}
	}
	look("the output", s.said.Bytes())
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(path, ".parquet") || filepath.Base(path) == "manifest.json" {
			t.Errorf("left on the stage: %s", path)
		}
		data, err := os.ReadFile(path)
		look(path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// brief tells two contents apart in a few lines.
func brief(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d of %d and %d\nwant %s\n got %s", i, len(w), len(g), w[i], g[i])
		}
	}
	return fmt.Sprintf("want %d lines, got %d (%x, %x)", len(w), len(g), sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got)))
}
