package exportertest

import (
	"errors"
	"slices"
	"testing"

	"tapline/exporter"
)

// testCount: what the source counts of a slice is how many records it has,
// those that cannot be read among them, also while answers go wrong. (A real
// source may estimate; the servers of tests do not.)
func testCount(t *testing.T, s Subject) {
	for _, src := range []exporter.Source{s.Source, s.Faulty} {
		counter, ok := src.(exporter.Counter)
		if !ok {
			continue // an ability that not every source has
		}
		for _, sl := range slicesOf(t, src, s.Window) {
			n, err := counter.Count(t.Context(), sl)
			if errors.Is(err, exporter.ErrNotCounted) {
				continue
			}
			if err != nil {
				t.Errorf("Count(%s %s): %v", sl.Stream.Name, sl.Name, err)
				continue
			}
			if rows := rowsOf(t, s.Source, sl); n != rows {
				t.Errorf("%s %s: counted %d, read %d", sl.Stream.Name, sl.Name, n, rows)
			}
		}
	}
}

// rowsOf counts the records read of a slice.
func rowsOf(t *testing.T, src exporter.Source, sl exporter.Slice) (rows int64) {
	t.Helper()
	for b, err := range src.Read(t.Context(), sl, "") {
		if err != nil {
			t.Fatalf("Read(%s %s): %v", sl.Stream.Name, sl.Name, err)
		}
		rows += b.Rows
	}
	return rows
}

// testUsage: requests are told by API, each once, and grow with what is asked.
func testUsage(t *testing.T, s Subject) {
	m, ok := s.Source.(exporter.Metered)
	if !ok {
		return // an ability that not every source has
	}
	asked := func() (sum int64) {
		var names []string
		for _, u := range m.Usage() {
			if u.API == "" || u.Requests < 1 || u.Retries < 0 || u.Retries > u.Requests || u.Waited() < 0 {
				t.Errorf("usage %+v: want an API, requests, and no more of them again", u)
			}
			names = append(names, u.API)
			sum += u.Requests
		}
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("usage of %v: want each API once, by name", names)
		}
		return sum
	}
	before := asked()
	rowsOf(t, s.Source, long(t, s))
	if after := asked(); after <= before {
		t.Errorf("%d requests before reading, %d after", before, after)
	}
}
