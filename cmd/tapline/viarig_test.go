//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tapline/exporter/bucket"
	"tapline/loader"
	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery"
	"tapline/warehouse/bigquery/bigquerytest"
)

// A viaRig is a bucket that BigQuery and tapline can read, and a note of what
// tapline asks of it.
type viaRig struct {
	bucket  *buckettest.Server
	through string // tapline's way to it

	mu    sync.Mutex
	asked []string // by tapline
	read  []viaRead
}

// A viaRead is a part of an object that tapline has read.
type viaRead struct {
	name        string // without the prefix
	from, bytes int
}

func newViaRig(t testing.TB) *viaRig {
	t.Helper()
	r := &viaRig{bucket: gcstest.NewServer(t, gcstest.Options{}, "acme")}
	to, err := url.Parse(r.bucket.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, req.Method+" "+req.URL.String())
		r.mu.Unlock()
		n := &counted{ResponseWriter: w}
		proxy.ServeHTTP(n, req)
		if _, name, ok := strings.Cut(req.URL.Path, "acme/drop/"); ok && req.Method == http.MethodGet && n.bytes > 0 {
			var from int
			_, _ = fmt.Sscanf(req.Header.Get("Range"), "bytes=%d-", &from) // none = from the start
			r.mu.Lock()
			r.read = append(r.read, viaRead{name, from, n.bytes})
			r.mu.Unlock()
		}
	}))
	t.Cleanup(s.Close)
	r.through = s.URL
	return r
}

// counted counts what is answered.
type counted struct {
	http.ResponseWriter
	bytes int
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += n
	return n, err
}

// forget forgets what tapline asked for.
func (r *viaRig) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked, r.read = nil, nil
}

// gets are the parts of objects that tapline has read.
func (r *viaRig) gets() []viaRead {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.read)
}

// content asks whether tapline read bytes of objects.
func (r *viaRig) content() (read []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.asked {
		if strings.Contains(line, "alt=media") || !strings.Contains(line, "/storage/v1/b/acme/o?") {
			read = append(read, line)
		}
	}
	return read
}

// put writes an object, gzipped if its name says so.
func (r *viaRig) put(t testing.TB, name, text string) {
	t.Helper()
	s, err := objstore.Open(t.Context(), objstore.Config{URL: "gs://acme/drop", Endpoint: r.bucket.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b bytes.Buffer
	var out io.Writer = &b
	if strings.HasSuffix(name, ".gz") {
		z := gzip.NewWriter(&b)
		defer z.Close()
		out = z
	}
	if _, err := io.WriteString(out, text); err != nil {
		t.Fatal(err)
	}
	if z, ok := out.(*gzip.Writer); ok {
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Put(t.Context(), name, objstore.Precondition{}, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// A viaScene loads the rig's objects into a BigQuery of its own.
type viaScene struct {
	*viaRig
	server  *bigquerytest.Server
	w       *bigquery.Warehouse
	stage   string
	sel     []bucket.Selection
	targets []loader.Target
	runs    int
}

func (r *viaRig) scene(t testing.TB, pull bool, targets []loader.Target, sel ...bucket.Selection) *viaScene {
	t.Helper()
	s := &viaScene{viaRig: r, stage: t.TempDir(), targets: slices.Clone(targets)}
	s.server = bigquerytest.NewServer(t, bigquerytest.Options{Storage: r.bucket.URL})
	var err error
	s.w, err = bigquery.New(t.Context(), bigquery.Config{Project: "acme", Dataset: "raw", Endpoint: s.server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.w.Close() })
	now := time.Duration(0)
	for i := range s.targets {
		s.targets[i].Pull = pull
	}
	for _, one := range sel {
		one.Settle = &now
		s.sel = append(s.sel, one)
	}
	return s
}

// run runs the pipeline, as the w-th warehouse if there is one.
func (s *viaScene) run(t testing.TB, into ...warehouse.Warehouse) loader.Summary {
	t.Helper()
	store, err := objstore.Open(t.Context(), objstore.Config{URL: "gs://acme/drop", Endpoint: s.through})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	source, err := bucket.New(bucket.Config{URL: "gs://acme/drop", Timezone: "Asia/Kolkata"}, s.sel, bucket.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	stage, err := objstore.Open(t.Context(), objstore.Config{URL: s.stage, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	s.runs++
	cfg := loader.Config{Pipeline: "drops", Source: source, Warehouse: s.w, Stage: stage, Run: fmt.Sprintf("run%d", s.runs)}
	if len(into) > 0 {
		cfg.Warehouse = into[0]
	}
	cfg.Targets = s.targets
	l, err := loader.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := l.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// mustRun wants no failure.
func (s *viaScene) mustRun(t testing.TB) loader.Summary {
	t.Helper()
	sum := s.run(t)
	for _, f := range sum.Failures {
		t.Errorf("%s: %v", f.Slice, f.Err)
	}
	return sum
}

// BigQuery does not tell in which order a file's rows are: places in a load are
// any, and places in a file are not known.
var anyRow = regexp.MustCompile(` (_tapline_)?row=\d+`)

// loaded is what the scene's warehouse holds, in any order of rows.
func (s *viaScene) loaded(t testing.TB) string {
	t.Helper()
	for p, err := range s.w.Verify(t.Context(), "") {
		if err != nil || !p.OK() {
			t.Errorf("verify: %+v %v", p, err)
		}
	}
	return anyOrder(loadedContent(t, s.w, "bigquery"))
}

// anyOrder is what a warehouse holds with the rows of each table sorted.
func anyOrder(content string) string {
	var out strings.Builder
	for _, block := range strings.SplitAfter(anyRow.ReplaceAllString(content, ""), "\n-- ") {
		writeSorted(&out, strings.Split(block, "\n"))
	}
	return out.String()
}

// rows are the values of a query's rows.
func (s *viaScene) rows(t testing.TB, query string) string {
	t.Helper()
	var lines []string
	for rec, err := range s.w.Query(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		for row := range int(rec.NumRows()) {
			var cells []string
			for _, c := range rec.Columns() {
				cells = append(cells, c.ValueStr(row))
			}
			lines = append(lines, strings.Join(cells, "|"))
		}
	}
	return strings.Join(lines, " ")
}

// withFaults has each of the jobs of a load go wrong in each of the ways, and the
// run after it: it ends with the table of an undisturbed one.
func (r *viaRig) withFaults(t *testing.T, files string, jobs []bigquerytest.Match, ways ...string) {
	t.Helper()
	sel, targets := bucket.Selection{Files: files}, []loader.Target{{Table: "t"}}
	undisturbed := r.scene(t, true, targets, sel)
	undisturbed.mustRun(t)
	want := undisturbed.loaded(t)
	faults := map[string]bigquerytest.Fault{
		"busy":    {Status: 503, Reason: "backendError"},
		"lost":    {Lose: true},
		"failed":  {Fail: "backendError"},
		"applied": {Fail: "backendError", Applied: true},
		"denied":  {Status: 403, Reason: "accessDenied"},
	}
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := r.scene(t, true, targets, sel)
			for _, match := range jobs {
				s.server.Fail(match, 1, faults[way])
				if way == "denied" {
					if sum := s.run(t); len(sum.Failures) == 0 { // it ends there; the next gets further
						t.Errorf("%s was not denied", match.Text)
					}
				}
			}
			s.run(t)
			s.mustRun(t)
			if got := s.loaded(t); got != want {
				t.Error("not as undisturbed:", differing(want, got))
			}
			for _, match := range jobs {
				if len(s.server.Calls(match)) == 0 {
					t.Errorf("no job met the fault of %s", match.Text)
				}
			}
		})
	}
}

// agrees compares what cases give when BigQuery reads their files and when
// tapline does. What was asked of the bucket is then that of the former.
func (r *viaRig) agrees(t *testing.T, cases map[string]viaCase) *viaScene {
	t.Helper()
	var sel []bucket.Selection
	var targets []loader.Target
	for name, c := range cases {
		for file, text := range c.files {
			r.put(t, name+"/"+file, text)
		}
		c.sel.Files, c.target.Table = name+"/"+c.sel.Files, name
		sel, targets = append(sel, c.sel), append(targets, c.target)
	}
	read := r.scene(t, false, targets, sel...)
	read.mustRun(t)
	want := read.loaded(t)
	r.asked = nil
	s := r.scene(t, true, targets, sel...)
	s.mustRun(t)
	if got := s.loaded(t); got != want {
		t.Error("not as tapline reads it:", differing(want, got))
	}
	return s
}
