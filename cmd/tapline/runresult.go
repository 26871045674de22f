package main

import (
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"tapline/loader"
)

// newRunID is unique for ever, sorts by time, and is safe in an object's name.
func newRunID(now time.Time) string {
	return now.UTC().Format("20060102t150405") + "-" + strings.ToLower(rand.Text()[:10])
}

// runResult is the result of run and backfill.
type runResult struct {
	Pipelines []pipelineResult `json:"pipelines"`
	Views     []viewResult     `json:"views"`
}

type pipelineResult struct {
	Pipeline         string          `json:"pipeline"`
	Run              string          `json:"run"`
	Status           string          `json:"status"`
	StartedAt        time.Time       `json:"startedAt"`
	Seconds          float64         `json:"seconds"`
	RowsRead         int64           `json:"rowsRead"`
	RowsLoaded       int64           `json:"rowsLoaded"`
	RowsQuarantined  int64           `json:"rowsQuarantined"`
	CellsQuarantined int64           `json:"cellsQuarantined"`
	BytesRead        int64           `json:"bytesRead"`
	Skipped          int             `json:"skipped"`
	Settling         int             `json:"settling"` // objects that changed so lately that they wait
	Late             []string        `json:"late"`     // what should have come and did not
	Resumed          int             `json:"resumed"`
	Spent            spent           `json:"secondsSpent"`
	Usage            []usageResult   `json:"usage"` // what the source was asked, by API
	Loads            []loadResult    `json:"loads"`
	Failures         []failureResult `json:"failures"`

	verbose bool // say what is not worth saying to everybody
}

// spent is where the time went, in seconds, summed over slices side by side.
type spent struct {
	Read  float64 `json:"read"`  // waiting for the vendor, decoding
	Stage float64 `json:"stage"` // encoding, writing parts
	Shape float64 `json:"shape"` // settling columns, writing parts again that do not fit
	Load  float64 `json:"load"`  // in the warehouse
}

type loadResult struct {
	Table            string   `json:"table"`
	Stream           string   `json:"stream"`
	Slice            string   `json:"slice"`
	Load             string   `json:"load"`
	RowsLoaded       int64    `json:"rowsLoaded"`
	RowsQuarantined  int64    `json:"rowsQuarantined"`
	CellsQuarantined int64    `json:"cellsQuarantined"`
	Seconds          float64  `json:"seconds"`
	NewTable         bool     `json:"newTable,omitempty"`
	Changes          []string `json:"changes,omitempty"`
}

type failureResult struct {
	Stream  string `json:"stream"`
	Slice   string `json:"slice"`
	Table   string `json:"table"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ended fills in what became of the run.
func (r *pipelineResult) ended(s loader.Summary, err error, a *app) {
	r.Status, r.Skipped, r.Resumed = statusOf(err), s.Skipped, s.Resumed
	if !s.Started.IsZero() {
		r.StartedAt, r.Seconds = s.Started.UTC(), s.Finished.Sub(s.Started).Seconds()
	}
	r.Spent = spent{s.ReadTime.Seconds(), s.StageTime.Seconds(), s.ShapeTime.Seconds(), s.LoadTime.Seconds()}
	r.Loads, r.Failures, r.Late, r.Settling = []loadResult{}, []failureResult{}, []string{}, s.Settling
	for _, n := range s.Late {
		r.Late = append(r.Late, n.Stream+": "+n.Text)
	}
	for _, l := range s.Loads {
		x := l.Receipt
		r.RowsRead += x.RowsRead
		r.RowsLoaded += x.RowsLoaded
		r.RowsQuarantined += x.RowsQuarantined
		r.CellsQuarantined += x.CellsQuarantined
		r.BytesRead += x.BytesRead
		r.Loads = append(r.Loads, loadResult{Table: x.Table, Stream: x.Stream, Slice: x.Slice, Load: x.ID,
			RowsLoaded: x.RowsLoaded, RowsQuarantined: x.RowsQuarantined, CellsQuarantined: x.CellsQuarantined,
			Seconds: l.Duration.Seconds(), NewTable: l.NewTable, Changes: l.Changes})
	}
	for _, f := range s.Failures {
		r.Failures = append(r.Failures, failureResult{Stream: f.Stream, Slice: f.Slice, Table: f.Table,
			Code: classify(f.Err).Code, Message: a.redact(f.Err.Error())})
	}
}

func (*runResult) silent() {}

// Text implements view.
func (r *runResult) Text(p *printer) {
	for _, pl := range r.Pipelines {
		pl.text(p)
	}
	viewsText(p, r.Views)
}

func (r pipelineResult) text(p *printer) {
	if len(r.Loads) > 0 {
		t := &table{heads: []string{"table", ">slices", ">rows", ">quarantined", "columns"}}
		tables := r.tables()
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			s := tables[name]
			t.add(name, count(s.slices), count(s.rows), count(s.quarantined), s.changes())
		}
		p.table(t)
	}
	r.brief(p)
	if line, waited := usageLine(r.Usage); waited || r.verbose && len(r.Usage) > 0 {
		p.line("%s: %s", r.Pipeline, line)
	}
}

// brief says in a line or two what the run did; of a run that failed before it
// loaded anything the error says more.
func (r pipelineResult) brief(p *printer) {
	if r.Settling > 0 {
		takes := "takes them"
		if r.Settling == 1 {
			takes = "takes it"
		}
		defer p.line("%s changed only just now; a later run %s", plural(int64(r.Settling), "file"), takes)
	}
	if len(r.Loads) == 0 {
		if r.Status == statusDone || len(r.Late) > 0 && len(r.Failures) == 0 {
			p.line("%s: nothing to do, %s loaded already", r.Pipeline, plural(int64(r.Skipped), "slice"))
		}
		return
	}
	took := time.Duration(r.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
	p.line("%s: %s loaded into %s in %s", r.Pipeline, plural(r.RowsLoaded, "row"), plural(int64(len(r.tables())), "table"), took.String())
	if r.RowsQuarantined+r.CellsQuarantined > 0 {
		p.line("%s; see them: tapline quarantine list", held(r.RowsQuarantined, r.CellsQuarantined))
	}
}

type tableSum struct {
	slices, rows, quarantined int64
	created                   bool
	changed                   []string
}

func (s tableSum) changes() string {
	if s.created {
		return "new table"
	}
	return strings.Join(s.changed, ", ")
}

func (r pipelineResult) tables() map[string]tableSum {
	sums := map[string]tableSum{}
	for _, l := range r.Loads {
		s := sums[l.Table]
		s.slices++
		s.rows += l.RowsLoaded
		s.quarantined += l.RowsQuarantined + l.CellsQuarantined
		s.created = s.created || l.NewTable
		s.changed = append(s.changed, l.Changes...)
		sums[l.Table] = s
	}
	return sums
}
