package bigquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// ListPrice is what BigQuery charges, in US dollars, for a TiB that queries
// read, on demand and in most regions; others cost more. Source:
// cloud.google.com/bigquery/pricing, 2026.
const ListPrice = 6.25

// leastBilled is what a statement is billed for each table it names.
const leastBilled = 10 << 20

// mostDryRuns bounds how many days of a table a statement is asked about; the
// other days count with the mean of those.
const mostDryRuns = 20

// Estimate tells which jobs the loads would be, and what their statements would
// read, by dry runs of these very statements. It asks the receipts, which is
// one query. Load jobs are free. An object that BigQuery is to read itself counts
// by its size, see addPull. Of rows that are still to be staged, and of
// what a load of this estimate would leave for the next, nothing is read: such
// a statement counts with the least that BigQuery bills. Tables that a load
// would refuse are left out.
func (w *Warehouse) Estimate(ctx context.Context, loads []warehouse.Expected) (warehouse.Estimate, error) {
	e := &estimate{w: w, reads: make(map[string]*reads)}
	err := e.all(ctx, loads)
	if err != nil {
		return warehouse.Estimate{}, fmt.Errorf("bigquery: estimate: %w", err)
	}
	result := warehouse.Estimate{Currency: "USD", Rate: fmt.Sprintf("%g USD per TiB", w.cfg.PricePerTiB)}
	var billed int64
	for _, of := range e.tables {
		for _, j := range []warehouse.Jobs{of.loads, of.staging, of.queries, of.transactions, of.verify} {
			if j.Count == 0 {
				continue
			}
			result.Jobs = append(result.Jobs, j)
			if !j.Free && !j.OnDemand {
				billed += j.Billed
			}
		}
	}
	result.Price = float64(billed) / (1 << 40) * w.cfg.PricePerTiB
	return result, nil
}

// An estimate is one being made.
type estimate struct {
	w        *Warehouse
	own      bool // tapline's own tables are there
	receipts map[string][]receipt
	tables   []*tableEstimate
	reads    map[string]*reads // by statement
}

// A tableEstimate is what is known of a table's jobs.
type tableEstimate struct {
	table   *target
	missing bool // the table is still to be made

	loads, staging, queries, transactions, verify warehouse.Jobs
}

// reads are the answers to dry runs of one statement.
type reads struct {
	byDay map[string]int64
	total int64
}

func (e *estimate) all(ctx context.Context, loads []warehouse.Expected) (err error) {
	if e.own, err = e.w.known(ctx); err != nil {
		return err
	}
	if err := e.remember(ctx); err != nil {
		return err
	}
	index := map[string]*tableEstimate{}
	for _, l := range loads {
		of, ok := index[l.Table]
		if !ok {
			if of, err = e.newTable(ctx, l.Table); err != nil {
				return err
			}
			index[l.Table] = of
		}
		if of == nil {
			continue
		}
		if err := e.add(ctx, of, l); err != nil {
			return err
		}
	}
	return nil
}

// remember reads the receipts in force, by table.
func (e *estimate) remember(ctx context.Context) error {
	all, err := e.w.receipts(ctx, "", "", true)
	e.receipts = make(map[string][]receipt)
	for _, r := range all {
		e.receipts[r.Table] = append(e.receipts[r.Table], r)
	}
	return err
}

// newTable begins with a table; nil = every load of it would be refused.
func (e *estimate) newTable(ctx context.Context, name string) (*tableEstimate, error) {
	t, err := e.w.ours(ctx, name)
	if errors.Is(err, warehouse.ErrSchema) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	of := &tableEstimate{
		table: t, missing: t == nil,
		loads:        warehouse.Jobs{Table: name, What: "load job", Free: true},
		staging:      warehouse.Jobs{Table: name, What: "staging statement"},
		queries:      warehouse.Jobs{Table: name, What: "SELECT"},
		transactions: warehouse.Jobs{Table: name, What: "transaction"},
		verify:       warehouse.Jobs{Table: name, What: "SELECT of tapline verify", OnDemand: true},
	}
	if of.missing {
		of.table = &target{TableMetadata: &bq.TableMetadata{}, name: name}
	}
	e.tables = append(e.tables, of)
	if of.missing || !e.own {
		return of, nil
	}
	data := map[string]any{"Dataset": e.w.cfg.Dataset, "Table": name, "Filter": t.filter(false)}
	sql, err := text("verify", data)
	if err != nil {
		return nil, err
	}
	n, err := e.w.wouldRead(ctx, sql, params{"in_table": name, "pipeline": ""})
	of.verify.Count, of.verify.Bytes, of.verify.Billed = 1, n, billed(n, 3)
	return of, err
}

// add counts the jobs of a load.
func (e *estimate) add(ctx context.Context, of *tableEstimate, l warehouse.Expected) error {
	if l.Pull {
		return e.addPull(ctx, of, l)
	}
	x := e.loading(of, l)
	x.expectParts(l)
	direct := x.direct()
	x.applied = direct
	staged := !direct || x.l.Parts[0].Path == "" // else the part is proven here
	if staged {
		x.stage = stagePrefix
	}
	of.countLoads(x, l, direct && staged)
	if err := e.query(ctx, of, x, "receipts_slice", nil); err != nil {
		return err
	}
	if direct && staged {
		if err := e.query(ctx, of, x, "stage_check", map[string]any{"Stage": x.stage}); err != nil {
			return err
		}
	}
	return e.transaction(ctx, of, x)
}

// transaction counts the one that a load ends in.
func (e *estimate) transaction(ctx context.Context, of *tableEstimate, x *loading) error {
	s, p, err := x.statements(x.l.Receipt(x.l.ReadAt))
	if err != nil {
		return err
	}
	of.transactions.Count++
	for i, name := range s.names {
		if err := e.statement(ctx, &of.transactions, of, x, name, s.texts[i], p); err != nil {
			return err
		}
	}
	return nil
}

// loading is the load as Load would find it, without its rows, and the receipts
// as they are.
func (e *estimate) loading(of *tableEstimate, l warehouse.Expected) *loading {
	load := warehouse.Load{
		Pipeline: l.Pipeline, Table: l.Table, Stream: l.Stream, Slice: l.Slice, Mode: l.Mode, Key: l.Key, Day: l.Day,
		Partitioned: l.Partitioned, RowsLoaded: 1,
	}
	x := &loading{w: e.w, l: load, table: of.table}
	for _, r := range e.receipts[l.Table] {
		x.earlier.inTable++
		if r.Mode != warehouse.History {
			x.earlier.late++
		}
		switch {
		case r.Slice == l.Slice:
			x.earlier.slice = append(x.earlier.slice, r.Earlier)
		case r.Day.IsZero() || r.Day.Equal(l.Day):
			x.earlier.beside++
		}
	}
	x.remove = len(x.earlier.slice) > 0
	return x
}

// expectParts gives the load parts of the sizes that are known.
func (x *loading) expectParts(l warehouse.Expected) {
	n, stage := max(l.Parts, 1), x.w.cfg.Stage
	part := warehouse.Part{Size: max(l.Bytes, 0) / int64(n)}
	if strings.Contains(stage, "://") && !strings.HasPrefix(stage, "file:") {
		part.URL = strings.TrimRight(stage, "/") + "/part"
	} else {
		part.Path = "part"
	}
	x.l.Parts = slices.Repeat([]warehouse.Part{part}, n)
}

// countLoads counts the load jobs of a load; twice where its rows are proven in
// a staging table first.
func (of *tableEstimate) countLoads(x *loading, l warehouse.Expected, twice bool) {
	n := int64(len(units(x.l.Parts)))
	if twice {
		n *= 2
	}
	of.loads.Count += n
	of.loads.More = of.loads.More || l.Parts == 0
	if l.Bytes < 0 {
		of.loads.Unknown++
		return
	}
	of.loads.Bytes += l.Bytes
}

// query counts a query that a load asks beside its transaction.
func (e *estimate) query(ctx context.Context, of *tableEstimate, x *loading, name string, data any) error {
	sql, err := text(name, data)
	if err != nil {
		return err
	}
	p, err := loadParams(x.l, x.l.Receipt(x.l.ReadAt))
	if err != nil {
		return err
	}
	of.queries.Count++
	return e.statement(ctx, &of.queries, of, x, name, sql, p)
}

// statement adds what a statement of a load reads.
func (e *estimate) statement(ctx context.Context, to *warehouse.Jobs, of *tableEstimate, x *loading, name, sql string, p params) error {
	var n int64
	var err error
	tables := int64(1)
	switch {
	case name == "receipt_insert": // reads nothing
		return nil
	case name == "pull_insert":
		n = x.l.Pulled.Bytes
	case strings.HasPrefix(name, "stage_"): // of the load's own size
		for _, part := range x.l.Parts {
			n += part.Size
		}
	case !e.own, of.missing && !ofReceipts(name): // nothing to read yet
	case strings.HasPrefix(name, "history_"):
		n, err = e.history(ctx, x, name, sql, p)
	default:
		n, err = e.wouldRead(ctx, x, sql, p)
	}
	if name == "pipeline_delete" {
		tables = 2
	}
	to.Bytes += n
	to.Billed += billed(n, tables)
	return err
}

// ofReceipts reports whether a statement is about tapline's own tables.
func ofReceipts(name string) bool {
	return name == "guard" || name == "quarantine_delete" || strings.HasPrefix(name, "receipts_")
}

// wouldRead is what a dry run says of the statement, or of such a one for
// another day once that has been asked often enough.
func (e *estimate) wouldRead(ctx context.Context, x *loading, sql string, p params) (int64, error) {
	day := ""
	if x.inPartition() {
		day = x.l.Day.Format(partition)
	}
	r := e.reads[sql]
	if r == nil {
		r = &reads{byDay: make(map[string]int64)}
		e.reads[sql] = r
	}
	if n, ok := r.byDay[day]; ok {
		return n, nil
	}
	if len(r.byDay) >= mostDryRuns {
		return r.total / int64(len(r.byDay)), nil
	}
	n, err := e.w.wouldRead(ctx, sql, p)
	if err != nil {
		return 0, err
	}
	r.byDay[day] = n
	r.total += n
	return n, nil
}

// billed is what a statement that reads so much from so many tables is charged
// as: whole MiB, and for each table a least.
func billed(n, tables int64) int64 {
	const mib = 1 << 20
	return max((n+mib-1)/mib*mib, leastBilled*tables)
}

// wouldRead is how many bytes a statement of tapline's would read at most.
func (w *Warehouse) wouldRead(ctx context.Context, sql string, p params) (int64, error) {
	state, err := w.dryRun(ctx, sql, p.list())
	if err != nil {
		return 0, err
	}
	return state.TotalBytesProcessed, nil
}
