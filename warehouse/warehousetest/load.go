package warehousetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tapline/warehouse"
)

func testTypes(e *env) {
	columns := cols("b", _bool, "i", _int, "f", _float, "s", _text, "d", _date, "t", stamp())
	day, moment := time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 987654000, time.UTC)
	e.put(spec{columns: columns, rows: [][]any{
		{true, int64(-9223372036854775808), 0.1, "üñ\n\"'\\ \u200b🎉", day, moment},
		{false, int64(9223372036854775807), -1e300, "", day.AddDate(100, 0, 0), moment.AddDate(-100, 0, 0)},
		{nil, nil, nil, nil, nil, nil},
	}})
	e.same("rows", e.rows("t", "b", "i", "f", "s", "d", "t"), []string{
		"true|-9223372036854775808|0.1|üñ\n\"'\\ \u200b🎉|1969-12-31|2026-03-29T01:30:00.987654Z",
		"false|9223372036854775807|-1e+300||2069-12-31|1926-03-29T01:30:00.987654Z",
		"NULL|NULL|NULL|NULL|NULL|NULL",
	})
	e.same("tapline's columns", e.rows("t", warehouse.ColSlice, warehouse.ColLoad, warehouse.ColRow, warehouse.ColLoadedAt)[1],
		"p/stream/d1|p|t|p/stream/d1|rev0|1|2026-09-01T12:00:00.123456Z")
}

func testAppend(e *env) {
	e.put(spec{slice: "d1", rows: [][]any{{int64(1), "a"}, {int64(2), "b"}}})
	e.put(spec{slice: "d2", rows: [][]any{{int64(1), "c"}}})
	e.same("rows", e.rows("t", "id", "v"), []string{"1|a", "2|b", "1|c"})
}

func testSameID(e *env) {
	first := e.put(spec{rows: [][]any{{int64(1), "a"}}})
	again := e.put(spec{rows: [][]any{{int64(1), "a"}}})
	e.same("receipt", again, first)
	other, err := e.Reopen(e.T).Load(e.ctx, e.load(spec{rows: [][]any{{int64(1), "a"}}}))
	if err != nil {
		e.Fatal(err)
	}
	e.same("receipt of another process", other, first)
	e.same("rows", e.rows("t", "id", "v"), []string{"1|a"})
}

func testNewRevision(e *env) {
	e.put(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}}})
	e.put(spec{slice: "d2", rev: 1, rows: [][]any{{int64(9), "z"}}})
	r := e.put(spec{slice: "d1", rev: 2, rows: [][]any{{int64(1), "b"}, {int64(3), "b"}, {int64(4), "b"}}})
	e.same("rows", e.rows("t", "id", "v"), []string{"1|b", "3|b", "4|b", "9|z"})
	in := e.receipts("p")
	if _, ok := in[r.ID]; !ok || len(in) != 2 {
		e.Fatalf("receipts in force = %v, want the newer revision of d1 and d2", in)
	}
	// Read at the same moment, with another revision: the one that comes is newer.
	l := e.load(spec{slice: "d1", rev: 2, rows: [][]any{{int64(7), "c"}}})
	l.Revision = "other"
	l.ID = "other id"
	l.Parts = []warehouse.Part{e.part(l.Columns, [][]any{{int64(7), "c", l.Slice, l.ID, int64(0), l.ReadAt}})}
	if _, err := e.Warehouse.Load(e.ctx, l); err != nil {
		e.Fatal(err)
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"7|c", "9|z"})
}

func testStaleRevision(e *env) {
	e.put(spec{rev: 1, rows: [][]any{{int64(1), "old"}}})
	e.put(spec{rev: 3, rows: [][]any{{int64(1), "new"}}})
	for name, rev := range map[string]int{"never loaded": 2, "loaded before": 1} {
		_, err := e.Warehouse.Load(e.ctx, e.load(spec{rev: rev, rows: [][]any{{int64(1), "old"}}}))
		if !errors.Is(err, warehouse.ErrConflict) {
			e.Errorf("%s: error = %v, want ErrConflict", name, err)
		}
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"1|new"})
}

func testEmptySlice(e *env) {
	// A slice without rows may come before there is a table.
	r, err := e.Warehouse.Load(e.ctx, e.load(spec{slice: "d0"}))
	if err != nil {
		e.Fatal(err)
	}
	if r.RowsRead != 0 || len(e.receipts("p")) != 1 {
		e.Fatalf("receipt = %+v, in force %v", r, e.receipts("p"))
	}
	e.put(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}}})
	e.put(spec{slice: "d2", rev: 1, rows: [][]any{{int64(2), "b"}}})
	e.put(spec{slice: "d1", rev: 2})
	e.same("rows", e.rows("t", "id", "v"), []string{"2|b"})
	if n := len(e.receipts("p")); n != 3 {
		e.Errorf("%d receipts in force, want 3: an empty slice has one too", n)
	}
}

func testManyParts(e *env) {
	var rows [][]any
	want := []string{}
	for i := range 250 {
		rows = append(rows, []any{int64(i), fmt.Sprint("v", i)})
		want = append(want, fmt.Sprintf("%d|v%d|%d", i, i, i))
	}
	e.put(spec{rows: rows, split: 10})
	e.same("rows", e.rows("t", "id", "v", warehouse.ColRow), want)
}

// Parts that are not on this machine are read through Open.
func testPartsElsewhere(e *env) {
	l := e.load(spec{rows: [][]any{{int64(1), "a"}, nil, {int64(2), "b"}}, split: 1})
	for _, list := range [][]warehouse.Part{l.Parts, l.Quarantine} {
		for i := range list {
			list[i].Path, list[i].URL = "", ""
		}
	}
	e.ensure(l.Table, l.Columns)
	good := l.Parts[1].Open
	l.Parts[1].Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone away") }
	if _, err := e.Warehouse.Load(e.ctx, l); err == nil {
		e.Fatal("a part that does not open: no error")
	}
	e.same("rows after a failed load", e.rows("t", "id"), []string{})
	l.Parts[1].Open = good
	if _, err := e.Warehouse.Load(e.ctx, l); err != nil {
		e.Fatal(err)
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"1|a", "2|b"})
}

func testWrongCounts(e *env) {
	e.put(spec{rev: 1, rows: [][]any{{int64(0), "old"}}})
	for name, spoil := range map[string]func(*warehouse.Load){
		"loaded, too few":      func(l *warehouse.Load) { l.RowsLoaded--; l.RowsRead-- },
		"loaded, too many":     func(l *warehouse.Load) { l.RowsLoaded++; l.RowsRead++ },
		"read":                 func(l *warehouse.Load) { l.RowsRead++ },
		"quarantined, none":    func(l *warehouse.Load) { l.RowsQuarantined = 0; l.RowsRead-- },
		"quarantined, no part": func(l *warehouse.Load) { l.Quarantine = nil },
		"cells":                func(l *warehouse.Load) { l.CellsQuarantined = 0 },
		"no parts":             func(l *warehouse.Load) { l.Parts = nil },
		"a part twice":         func(l *warehouse.Load) { l.Parts = append(l.Parts, l.Parts[0]) },
		"a part less":          func(l *warehouse.Load) { l.Parts = l.Parts[1:] },
	} {
		l := e.load(spec{rev: 2, split: 1, cells: map[int]string{0: "v"},
			rows: [][]any{{int64(1), nil}, {int64(2), "b"}, nil}})
		spoil(&l)
		if _, err := e.Warehouse.Load(e.ctx, l); !errors.Is(err, warehouse.ErrCount) {
			e.Errorf("%s: error = %v, want ErrCount", name, err)
		}
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"0|old"})
	e.same("quarantine", e.sql("SELECT count(*) FROM "+e.q(warehouse.TableQuarantine)), []string{"0"})
	if n := len(e.receipts("")); n != 1 {
		e.Errorf("%d receipts, want the first one alone", n)
	}
}

// Rows that are not the load's, or not once each, are refused.
func testWrongRows(e *env) {
	l := e.load(spec{rows: [][]any{{int64(1), "a"}, {int64(2), "b"}}})
	e.ensure(l.Table, l.Columns)
	for name, second := range map[string][]any{
		"a place twice":   {l.Slice, l.ID, int64(0), l.ReadAt},
		"place outside":   {l.Slice, l.ID, int64(2), l.ReadAt},
		"negative place":  {l.Slice, l.ID, int64(-1), l.ReadAt},
		"no place":        {l.Slice, l.ID, nil, l.ReadAt},
		"another slice":   {"p/stream/d9", l.ID, int64(1), l.ReadAt},
		"another load":    {l.Slice, "x", int64(1), l.ReadAt},
		"another reading": {l.Slice, l.ID, int64(1), l.ReadAt.Add(time.Second)},
	} {
		bad := l
		bad.Parts = []warehouse.Part{e.part(l.Columns, [][]any{
			{int64(1), "a", l.Slice, l.ID, int64(0), l.ReadAt}, append([]any{int64(2), "b"}, second...),
		})}
		if _, err := e.Warehouse.Load(e.ctx, bad); !errors.Is(err, warehouse.ErrCount) {
			e.Errorf("%s: error = %v, want ErrCount", name, err)
		}
	}
	e.same("rows", e.rows("t", "id"), []string{})
}

func testCancelled(e *env) {
	e.put(spec{rev: 1, rows: [][]any{{int64(1), "old"}}})
	before, cancel := context.WithCancel(e.ctx)
	cancel()
	during, stop := context.WithCancel(e.ctx)
	defer stop()
	l := e.load(spec{rev: 2, rows: [][]any{{int64(1), "new"}}})
	slow := l
	slow.Parts = []warehouse.Part{l.Parts[0]}
	slow.Parts[0].Path, slow.Parts[0].URL = "", ""
	slow.Parts[0].Open = func(ctx context.Context) (io.ReadCloser, error) {
		stop()
		return l.Parts[0].Open(ctx)
	}
	if _, err := e.Warehouse.Load(before, l); !errors.Is(err, context.Canceled) {
		e.Errorf("cancelled before: error = %v, want context.Canceled", err)
	}
	if _, err := e.Warehouse.Load(during, slow); !errors.Is(err, context.Canceled) {
		e.Errorf("cancelled while reading: error = %v, want context.Canceled", err)
	}
	if err := e.Warehouse.Ensure(before, warehouse.Table{Name: "u", Columns: own()}); !errors.Is(err, context.Canceled) {
		e.Errorf("Ensure: error = %v, want context.Canceled", err)
	}
	for _, err := range e.Warehouse.Receipts(before, "") {
		if !errors.Is(err, context.Canceled) {
			e.Errorf("Receipts: error = %v, want context.Canceled", err)
		}
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"1|old"})
	if _, err := e.Warehouse.Load(e.ctx, l); err != nil {
		e.Errorf("after a cancelled load: %v", err)
	}
}

func testReceipts(e *env) {
	for range e.Warehouse.Receipts(e.ctx, "") {
		e.Fatal("a new warehouse has a receipt or an error")
	}
	l := e.load(spec{pipeline: "p", rows: [][]any{{int64(1), nil}, nil}, cells: map[int]string{0: "v"}, mode: warehouse.Merge, key: []string{"id"}})
	l.Revision, l.Run = "gen'42\"", "run é"
	e.ensure(l.Table, l.Columns)
	got, err := e.Warehouse.Load(e.ctx, l)
	if err != nil {
		e.Fatal(err)
	}
	other := e.load(spec{pipeline: "q", slice: "x", rows: [][]any{{int64(1), "a"}}, mode: warehouse.Merge, key: []string{"id"}})
	other.Day = time.Time{}
	second, err := e.Warehouse.Load(e.ctx, other)
	if err != nil {
		e.Fatal(err)
	}
	want := warehouse.Receipt{
		ID: l.ID, Pipeline: "p", Table: "t", Stream: "stream", Slice: l.Slice, Revision: l.Revision, Run: l.Run,
		Mode: warehouse.Merge, Day: l.Day, ReadAt: l.ReadAt, RowsRead: 2, RowsLoaded: 1, RowsQuarantined: 1, CellsQuarantined: 1, BytesRead: 1000,
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(warehouse.Receipt{}, "CommittedAt")); d != "" {
		e.Errorf("receipt differs (- want, + have):\n%s", d)
	}
	if got.CommittedAt.IsZero() || !second.Day.IsZero() {
		e.Errorf("committed at %s, day of a slice that is none %s", got.CommittedAt, second.Day)
	}
	e.same("receipts of p", e.receipts("p"), map[string]warehouse.Receipt{got.ID: got})
	e.same("receipts of none", e.receipts("nobody"), map[string]warehouse.Receipt{})
	e.same("all receipts", e.receipts(""), map[string]warehouse.Receipt{got.ID: got, second.ID: second})
}

func testCheck(e *env) {
	c := e.Warehouse.(warehouse.Checker)
	if err := c.Check(e.ctx); err != nil {
		e.Errorf("before the first load: %v", err)
	}
	e.put(spec{rows: [][]any{{int64(1), "a"}}})
	if err := c.Check(e.ctx); err != nil {
		e.Errorf("after a load: %v", err)
	}
}
