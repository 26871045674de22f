package warehousetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// runHistory is what a warehouse owes to mode History.
func runHistory(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*env)
	}{
		{"Changes", testHistoryChanges},
		{"OneLoad", testHistoryOneLoad},
		{"Reread", testHistoryReread},
		{"Late", testHistoryLate},
		{"SameMoment", testHistorySameMoment},
		{"KeyNull", testHistoryKeyNull},
		{"Columns", testHistoryColumns},
		{"Types", testHistoryTypes},
		{"Streams", testHistoryStreams},
		{"Adopts", testHistoryAdopts},
		{"Foreign", testHistoryForeign},
		{"Model", testHistoryModel},
		{"Refused", testHistoryRefused},
		{"Failed", testHistoryFailed},
		{"Verify", testHistoryVerify},
		{"Amend", testHistoryAmend},
		{"AmendOrder", testHistoryAmendOrder},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(newEnv(t, s))
		})
	}
}

// kept is a spec for History by id.
func kept(s spec) spec {
	s.mode = warehouse.History
	if s.key == nil {
		s.key = []string{"id"}
	}
	return s
}

// keep makes the table able to hold s with its history and loads it.
func (e *env) keep(s spec) warehouse.Receipt {
	e.Helper()
	l := e.load(kept(s))
	e.ensureHistory(l)
	r, err := e.Warehouse.Load(e.ctx, l)
	if err != nil {
		e.Fatal(err)
	}
	return r
}

func (e *env) ensureHistory(l warehouse.Load) {
	e.Helper()
	e.ensure(l.Table, append(slices.Clone(l.Columns), warehouse.HistoryColumns()...))
}

// history lists the rows of a table by key and time as "id v from-to", with the
// moments as the revisions they are of and "!" where is_current does not say what
// valid_to does.
func (e *env) history(table string, columns ...string) []string {
	e.Helper()
	if len(columns) == 0 {
		columns = []string{"id", "v"}
	}
	from, to, current := e.q(warehouse.ColValidFrom), e.q(warehouse.ColValidTo), e.q(warehouse.ColIsCurrent)
	rows := e.sql(fmt.Sprintf("SELECT %s, %s, %s, %s FROM %s", e.q(columns...), from, to, current, e.q(table)))
	moment := regexp.MustCompile(`2026-09-01T12:00:(\d\d)\.123456Z`)
	for i, row := range rows {
		cells := strings.Split(moment.ReplaceAllString(row, "$1"), "|")
		n := len(cells)
		odd := ""
		if (cells[n-2] == "NULL") != (cells[n-1] == "true") || cells[n-1] == "NULL" {
			odd = "!"
		}
		rows[i] = fmt.Sprintf("%s %s-%s%s", strings.Join(cells[:n-3], " "), cells[n-3], strings.Replace(cells[n-2], "NULL", "", 1), odd)
	}
	slices.Sort(rows)
	return rows
}

// chained fails the test unless the table's rows are these, and proven.
func (e *env) chained(table string, want ...string) {
	e.Helper()
	e.same("history", e.history(table), append([]string{}, want...))
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
}

func testHistoryChanges(e *env) {
	r := e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "b"}, {int64(3), nil}}, split: 2})
	e.chained("t", "1 a 01-", "2 b 01-", "3 NULL 01-")
	if r.Mode != warehouse.History || r.RowsLoaded != 3 {
		e.Errorf("receipt = %+v", r)
	}
	// What says the same changes nothing, and is counted all the same.
	r = e.keep(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "a"}, {int64(2), "B"}, {int64(3), nil}, {int64(4), "d"}}})
	e.chained("t", "1 a 01-", "2 B 02-", "2 b 01-02", "3 NULL 01-", "4 d 02-")
	if r.RowsLoaded != 4 {
		e.Errorf("receipt = %+v", r)
	}
	// Changed back, to NULL and from it; a key that is not there stays.
	e.keep(spec{slice: "d3", rev: 3, rows: [][]any{{int64(1), nil}, {int64(2), "b"}, {int64(3), "c"}}})
	want := []string{"1 NULL 03-", "1 a 01-03", "2 B 02-03", "2 b 01-02", "2 b 03-", "3 NULL 01-03", "3 c 03-", "4 d 02-"}
	e.chained("t", want...)
	// The same id again, also in another process.
	again := e.keep(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "a"}, {int64(2), "B"}, {int64(3), nil}, {int64(4), "d"}}})
	e.same("receipt", again, r)
	l := e.load(kept(spec{slice: "d3", rev: 3, rows: [][]any{{int64(1), nil}, {int64(2), "b"}, {int64(3), "c"}}}))
	if _, err := e.Reopen(e.T).Load(e.ctx, l); err != nil {
		e.Fatal(err)
	}
	e.keep(spec{slice: "d4", rev: 4}) // an empty slice
	e.chained("t", want...)
}

func testHistoryOneLoad(e *env) {
	e.keep(spec{slice: "d1", rev: 1, split: 2, rows: [][]any{{int64(1), "a"}, {int64(2), "b"}, {int64(1), "c"}, {int64(1), "d"}, {int64(3), "e"}}})
	e.chained("t", "1 d 01-", "2 b 01-", "3 e 01-")
	// The last counts, also when it says the same as before and another did not.
	e.keep(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "x"}, {int64(1), "d"}, {int64(2), "b"}, {int64(2), "y"}}})
	e.chained("t", "1 d 01-", "2 b 01-02", "2 y 02-", "3 e 01-")
}

// A slice that is read again adds to the history, and takes nothing from it.
func testHistoryReread(e *env) {
	first := e.keep(spec{rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "b"}, {int64(3), "c"}, nil}})
	e.keep(spec{rev: 2, rows: [][]any{{int64(1), "a"}, {int64(2), "B"}, {int64(4), "d"}}})
	want := []string{"1 a 01-", "2 B 02-", "2 b 01-02", "3 c 01-", "4 d 02-"}
	e.chained("t", want...)
	in := e.receipts("p")
	if _, old := in[first.ID]; old || len(in) != 1 {
		e.Errorf("receipts in force = %v, want the newer revision alone", in)
	}
	if _, err := e.Warehouse.Load(e.ctx, e.load(kept(spec{rev: 1, rows: [][]any{{int64(9), "z"}}}))); !errors.Is(err, warehouse.ErrConflict) {
		e.Errorf("an older revision: error = %v, want ErrConflict", err)
	}
	e.keep(spec{rev: 3})
	e.chained("t", want...)
	e.keep(spec{rev: 4, rows: [][]any{{int64(2), "b"}}})
	e.chained("t", "1 a 01-", "2 B 02-04", "2 b 01-02", "2 b 04-", "3 c 01-", "4 d 02-")
}

// A load that was read before others takes its place between them.
func testHistoryLate(e *env) {
	e.keep(spec{slice: "d5", rev: 5, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}, {int64(3), "a"}, {int64(4), "a"}, {int64(5), "a"}}})
	e.keep(spec{slice: "d9", rev: 9, rows: [][]any{{int64(1), "b"}, {int64(2), "b"}, {int64(3), "b"}, {int64(4), "b"}}})
	e.keep(spec{slice: "d7", rev: 7, rows: [][]any{{int64(1), "c"}, {int64(2), "a"}, {int64(3), "b"}, {int64(5), "c"}, {int64(6), "x"}}})
	e.chained("t", "1 a 05-07", "1 b 09-", "1 c 07-09", "2 a 05-09", "2 b 09-", "3 a 05-07", "3 b 07-", "4 a 05-09", "4 b 09-",
		"5 a 05-07", "5 c 07-", "6 x 07-")
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(4), "z"}, {int64(5), "a"}}}) // before all
	e.chained("t", "1 a 05-07", "1 b 09-", "1 c 07-09", "2 a 05-09", "2 b 09-", "3 a 05-07", "3 b 07-", "4 a 05-09", "4 b 09-",
		"4 z 01-05", "5 a 01-07", "5 c 07-", "6 x 07-")
}

// Of loads read at one moment the row with the greatest place counts, then the
// greatest load; one that loses leaves the chain as it was.
func testHistorySameMoment(e *env) {
	e.keep(spec{slice: "a", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}, {int64(3), "a"}}})
	e.keep(spec{slice: "b", rev: 5, rows: [][]any{{int64(1), "b"}, {int64(2), "b"}, {int64(3), "b"}}})
	// Places: 3 before, now 4, 1 and 2; key 1 is as it was before both.
	e.keep(spec{slice: "c", rev: 5, rows: [][]any{{int64(7), "x"}, {int64(2), "c"}, {int64(3), "c"}, {int64(1), "a"}}})
	e.chained("t", "1 a 01-", "2 a 01-05", "2 c 05-", "3 a 01-05", "3 c 05-", "7 x 05-")
	e.keep(spec{slice: "0", rev: 5, rows: [][]any{{int64(9), "z"}, {int64(2), "d"}}})
	e.chained("t", "1 a 01-", "2 a 01-05", "2 c 05-", "3 a 01-05", "3 c 05-", "7 x 05-", "9 z 05-")
}

// Rows whose key has a NULL are kept, each, and go with their revision.
func testHistoryKeyNull(e *env) {
	columns := cols("a", _text, "b", _int, "v", _text)
	keep := func(slice string, rev int, rows ...[]any) {
		e.keep(spec{slice: slice, rev: rev, key: []string{"a", "b"}, columns: columns, rows: rows})
	}
	shown := func(want ...string) {
		e.Helper()
		e.same("history", e.history("t", "v"), want)
		if v, ok := e.Warehouse.(warehouse.Verifier); ok {
			e.proven(v, "")
		}
	}
	keep("d1", 1, []any{"x", int64(1), "1"}, []any{nil, int64(1), "2"}, []any{nil, int64(1), "2"}, []any{"x", nil, "4"}, []any{nil, nil, "5"})
	shown("1 01-", "2 01-", "2 01-", "4 01-", "5 01-")
	keep("d2", 2, []any{"x", int64(2), "6"}, []any{nil, int64(1), "7"}, []any{"x", int64(1), "8"}, []any{nil, nil, "9"})
	shown("1 01-02", "2 01-", "2 01-", "4 01-", "5 01-", "6 02-", "7 02-", "8 02-", "9 02-")
	keep("d1", 3, []any{"x", int64(1), "8"}, []any{"x", nil, "A"})
	shown("1 01-02", "6 02-", "7 02-", "8 02-", "9 02-", "A 03-")
	// A load without a single key, whose parts lack the column.
	e.keep(spec{slice: "d3", rev: 4, key: []string{"a", "b"}, columns: cols("a", _text, "b", _int, "v", _text), rows: [][]any{{nil, nil, "B"}}})
	shown("1 01-02", "6 02-", "7 02-", "8 02-", "9 02-", "A 03-", "B 04-")
}

// All of a row's data tells whether it changed, and what a load lacks is NULL.
func testHistoryColumns(e *env) {
	three := cols("id", _int, "v", _text, "n", _int)
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}}})
	e.keep(spec{slice: "d2", rev: 2, columns: three, rows: [][]any{{int64(1), "a", nil}, {int64(2), "a", int64(7)}, {int64(3), "a", int64(7)}}})
	e.same("a new column", e.history("t", "id", "v", "n"), []string{"1 a NULL 01-", "2 a 7 02-", "2 a NULL 01-02", "3 a 7 02-"})
	e.keep(spec{slice: "d3", rev: 3, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}}})
	e.same("a column that is not there", e.history("t", "id", "v", "n"),
		[]string{"1 a NULL 01-", "2 a 7 02-03", "2 a NULL 01-02", "2 a NULL 03-", "3 a 7 02-"})
	e.keep(spec{slice: "d4", rev: 4, columns: cols("id", _int, "v", _text, "n", _float), rows: [][]any{{int64(2), "a", nil}, {int64(3), "a", 7.0}}})
	e.keep(spec{slice: "d5", rev: 5, columns: three, rows: [][]any{{int64(3), "a", int64(7)}}})
	e.same("a column that widens", e.history("t", "id", "v", "n"),
		[]string{"1 a NULL 01-", "2 a 7 02-03", "2 a NULL 01-02", "2 a NULL 03-", "3 a 7 02-"})
}

// Values of all types are compared, each, under names that are odd, and a key may
// be of any type.
func testHistoryTypes(e *env) {
	columns := cols("b", _bool, "i", _int, "f", _float, "s", _text, "d", _date, "t", stamp(), "at", _text, "select", _text)
	other := []any{false, int64(1)<<60 + 1, 0.1000001, "It's", at(0).AddDate(0, 0, 1), at(1).Add(1000), "", nil}
	for k, values := range map[string]func(i int) any{
		"float": func(i int) any { return float64(i) / 10 },
		"stamp": func(i int) any { return at(i) },
	} {
		all := append(cols("k", map[string]arrow.DataType{"float": _float, "stamp": stamp()}[k]), columns...)
		var same, changed [][]any
		for i := range columns {
			row := []any{values(i), true, int64(1) << 60, 0.1, "it's", at(0), at(1), "x", "y"}
			same = append(same, row)
			row = slices.Clone(row)
			row[i+1] = other[i]
			changed = append(changed, row)
		}
		for i, rows := range [][][]any{same, same, changed} {
			e.keep(spec{table: k, slice: fmt.Sprint(i), rev: i + 1, key: []string{"k"}, columns: all, rows: rows})
		}
		where := fmt.Sprintf("SELECT count(*) FROM %s WHERE is_current", e.q(k))
		e.same("current rows by "+k, e.sql(where), []string{fmt.Sprint(len(columns))})
		e.same("rows by "+k, len(e.history(k, "s")), 2*len(columns))
	}
}

// Two streams may fill one table.
func testHistoryStreams(e *env) {
	e.keep(spec{pipeline: "p", slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}}})
	e.keep(spec{pipeline: "q", slice: "d1", rev: 2, rows: [][]any{{int64(1), "b"}, {int64(2), "a"}}})
	e.keep(spec{pipeline: "p", slice: "d2", rev: 3, rows: [][]any{{int64(1), "a"}}})
	e.chained("t", "1 a 01-02", "1 a 03-", "1 b 02-03", "2 a 01-")
}

// Rows that are there from another mode become the first of their histories.
func testHistoryAdopts(e *env) {
	e.put(merged(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}, {nil, "n"}}}))
	e.put(spec{slice: "d2", rev: 2, rows: [][]any{{int64(3), "a"}, {int64(3), "b"}}})
	e.put(spec{slice: "d3", rev: 3, rows: [][]any{{int64(3), "c"}, {int64(4), "a"}}})
	e.put(spec{slice: "d4", rev: 4, rows: [][]any{{int64(3), "d"}, {int64(4), "a"}}})
	e.keep(spec{slice: "d5", rev: 5, rows: [][]any{{int64(1), "b"}}})
	e.same("history", e.history("t"), []string{"1 a 01-05", "1 b 05-", "2 a 01-", "3 b 02-03", "3 c 03-04", "3 d 04-", "4 a 03-", "NULL n 01-"})
	e.keep(spec{slice: "d1", rev: 6, rows: [][]any{{int64(2), "a"}, {nil, "m"}}})
	e.same("history", e.history("t"), []string{"1 a 01-05", "1 b 05-", "2 a 01-", "3 b 02-03", "3 c 03-04", "3 d 04-", "4 a 03-", "NULL m 06-"})
}

// Rows that tapline did not load are left alone.
func testHistoryForeign(e *env) {
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}}})
	e.exec(e.named("INSERT INTO {t} (id, v) SELECT id, v FROM {t}"))
	e.exec(e.named("INSERT INTO {t} (id, v) SELECT NULL, 'x' FROM {t} WHERE {load} IS NULL"))
	e.keep(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "b"}, {nil, "n"}}})
	e.keep(spec{slice: "d1", rev: 3, rows: [][]any{{int64(1), "a"}}})
	e.chained("t", "1 a 01-02", "1 a 03-", "1 a NULL-!", "1 b 02-03", "NULL n 02-", "NULL x NULL-!")
}

func testHistoryRefused(e *env) {
	plain := e.load(kept(spec{rev: 1, rows: [][]any{{int64(1), "a"}}}))
	e.ensure(plain.Table, plain.Columns)
	var schema *warehouse.SchemaError
	if _, err := e.Warehouse.Load(e.ctx, plain); !errors.As(err, &schema) || schema.Column != warehouse.ColValidFrom {
		e.Errorf("a table without the columns: error = %v, want a SchemaError about %s", err, warehouse.ColValidFrom)
	}
	l := e.load(kept(spec{rev: 1, columns: cols("id", _int, "Valid_To", stamp()), rows: [][]any{{int64(1), nil}}}))
	if _, err := e.Warehouse.Load(e.ctx, l); !errors.Is(err, warehouse.ErrSchema) {
		e.Errorf("a load with a column of history: error = %v, want ErrSchema", err)
	}
	l = plain
	l.Key = []string{"nothing"}
	if _, err := e.Warehouse.Load(e.ctx, l); !errors.Is(err, warehouse.ErrSchema) {
		e.Errorf("a key that is not there: error = %v, want ErrSchema", err)
	}
	l.Key = nil
	if _, err := e.Warehouse.Load(e.ctx, l); err == nil {
		e.Error("no key: no error")
	}
	e.same("rows", e.rows("t", "id"), []string{})
}

// A load that fails leaves rows, times, quarantine and receipts as they were.
func testHistoryFailed(e *env) {
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, nil, {nil, "n"}}})
	for name, spoil := range map[string]func(*warehouse.Load){
		"a part less":  func(l *warehouse.Load) { l.Parts = l.Parts[1:] },
		"a part twice": func(l *warehouse.Load) { l.Parts = append(l.Parts, l.Parts[0]) },
		"quarantine":   func(l *warehouse.Load) { l.Quarantine = nil },
		"a part that does not open": func(l *warehouse.Load) {
			l.Parts[0].Path, l.Parts[0].URL = "", ""
			l.Parts[0].Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone away") }
		},
	} {
		l := e.load(kept(spec{slice: "d1", rev: 2, split: 1, rows: [][]any{{int64(1), "b"}, {int64(2), "b"}, nil}}))
		spoil(&l)
		if _, err := e.Warehouse.Load(e.ctx, l); err == nil {
			e.Errorf("%s: no error", name)
		}
		e.same(name, e.history("t"), []string{"1 a 01-", "NULL n 01-"})
		e.same("quarantine", e.sql("SELECT count(*) FROM "+e.q(warehouse.TableQuarantine)), []string{"1"})
		e.same("receipts", len(e.receipts("")), 1)
	}
	e.keep(spec{slice: "d1", rev: 2, split: 1, rows: [][]any{{int64(1), "b"}, {int64(2), "b"}, nil}})
	e.chained("t", "1 a 01-02", "1 b 02-", "2 b 02-")
}
