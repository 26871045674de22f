// Package warehousetest is the suite that every warehouse passes. It asks a
// warehouse through its contract alone, and looks at tables with plain SQL.
package warehousetest

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// A Subject is a warehouse under test.
type Subject struct {
	// New returns a warehouse without tables, gone after the test.
	New func(t *testing.T) Instance
	// Loads leaves out what has nothing to do with loads: for a second way to
	// load into a warehouse that passes the whole suite already.
	Loads bool
	// Only are the cases of loads to run, by name, and nothing else: for another
	// setting of a warehouse that passes the suite. Nil = all.
	Only []string
}

// An Instance is one database and the ways to it. Warehouse, Reopen, Query,
// Exec and Quote are required.
type Instance struct {
	Warehouse warehouse.Warehouse
	// Reopen returns another Warehouse of the same database, which shares
	// nothing with the first that another process would not share.
	Reopen func(t *testing.T) warehouse.Warehouse
	// Query answers SQL that only reads.
	Query func(ctx context.Context, sql string) iter.Seq2[arrow.Record, error]
	// Exec runs SQL that changes tables behind the warehouse's back: a CREATE,
	// INSERT ... SELECT, UPDATE or DELETE that every dialect has.
	Exec func(ctx context.Context, sql string) error
	// Quote writes the name of a table or a column as SQL wants it.
	Quote func(name string) string
	// From writes the name of a table as the query of a view wants it, as
	// BigQuery wants the dataset before it. Nil = Quote.
	From func(name string) string
	// Takes reports whether the database takes the name of a table or a column,
	// as PostgreSQL takes none that is longer than 63 bytes. Nil = it takes all.
	Takes func(name string) bool
	// Part puts a Parquet file where the warehouse finds it. Nil = the file
	// itself is the part.
	Part func(t *testing.T, path string, rows int64) warehouse.Part
	// Object puts an object where a warehouse.Puller reads it, and returns its
	// URL. Nil = there is no such place, and pulling is left out.
	Object func(t *testing.T, name, text string) string
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	for _, c := range loads() {
		if s.Only != nil && !slices.Contains(s.Only, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(newEnv(t, s))
		})
	}
	if s.Only != nil {
		return
	}
	t.Run("History", func(t *testing.T) { runHistory(t, s) })
	at := s.New(t)
	probe := at.Warehouse
	if _, ok := probe.(warehouse.Batcher); ok {
		t.Run("Batch", func(t *testing.T) { runBatch(t, s) })
	}
	if s.Loads {
		return
	}
	if _, ok := probe.(warehouse.Puller); ok && at.Object != nil {
		t.Run("Pull", func(t *testing.T) { runPull(t, s) })
	}
	if _, ok := probe.(warehouse.Quarantine); ok {
		t.Run("Quarantine", func(t *testing.T) { runQuarantine(t, s) })
	}
	if _, ok := probe.(warehouse.Verifier); ok {
		t.Run("Verify", func(t *testing.T) { runVerify(t, s) })
	}
	if _, ok := probe.(warehouse.Querier); ok {
		t.Run("Query", func(t *testing.T) { testQuery(newEnv(t, s)) })
	}
	if _, ok := probe.(warehouse.Files); ok {
		t.Run("Files", func(t *testing.T) { testFiles(newEnv(t, s)) })
	}
	if _, ok := probe.(warehouse.Viewer); ok {
		t.Run("Views", func(t *testing.T) { runViews(t, s) })
	}
	if _, ok := probe.(warehouse.Checker); ok {
		t.Run("Check", func(t *testing.T) { testCheck(newEnv(t, s)) })
	}
}

// A trial is a case of the suite.
type trial struct {
	name string
	test func(*env)
}

// loads are the cases that every warehouse passes.
func loads() []trial {
	return []trial{
		{"Table", testTable},
		{"Types", testTypes},
		{"Append", testAppend},
		{"SameID", testSameID},
		{"NewRevision", testNewRevision},
		{"StaleRevision", testStaleRevision},
		{"EmptySlice", testEmptySlice},
		{"ManyParts", testManyParts},
		{"PartsElsewhere", testPartsElsewhere},
		{"WrongCounts", testWrongCounts},
		{"WrongRows", testWrongRows},
		{"Cancelled", testCancelled},
		{"Receipts", testReceipts},
		{"Concurrent", testConcurrent},
		{"Mixture", testMixture},
		{"MergeOneLoad", testMergeOneLoad},
		{"MergeLoads", testMergeLoads},
		{"MergeStale", testMergeStale},
		{"MergeNull", testMergeNull},
		{"MergeOrder", testMergeOrder},
		{"Snapshot", testSnapshot},
		{"NewColumns", testNewColumns},
		{"Widen", testWiden},
		{"WidenRefused", testWidenRefused},
		{"ErrSchema", testErrSchema},
		{"ErrSchemaLoad", testErrSchemaLoad},
		{"TooManyColumns", testTooManyColumns},
		{"Foreign", testForeign},
		{"OddNames", testOddNames},
		{"OddTables", testOddTables},
	}
}
