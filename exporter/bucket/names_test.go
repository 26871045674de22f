package bucket

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func date(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

func TestParseFileName(t *testing.T) {
	event := func(name string, index int64, db string) FileName {
		return FileName{Event: name, Request: 1663664837, Run: time.Unix(1663785000, 0).UTC(), Day: day(2022, 9, 21), Index: index, Database: db}
	}
	profiles := FileName{Account: "AAA-BBB-CCCC", Request: 1663664837, Run: time.Unix(1663785000, 0).UTC(), Index: -1, Database: "0"}
	for name, want := range map[string]FileName{
		"1663664837-1663785000-Order-Placed-20220921-0-0.csv.gz":       event("Order-Placed", 0, "0"),
		"a/b/1663664837-1663785000-Order-Placed-20220921-0-0.json":     event("Order-Placed", 0, "0"),
		"1663664837-1663785000-x-20220921-010-17.parquet.gzip":         event("x", 10, "17"),
		"1663664837-1663785000-Foo-20220101-1-20220921-2-0.csv":        event("Foo-20220101-1", 2, "0"),
		"1663664837-1663785000-1663664837-1663785000-20220921-2-0.csv": event("1663664837-1663785000", 2, "0"),
		"1663664837-1663785000----20220921-2-0.csv":                    event("--", 2, "0"),
		"1663664837-1663785000-Café v2.1 ?-20220921-2-ab9.csv.gz":      event("Café v2.1 ?", 2, "ab9"),
		"1663664837-1663785000-\xff\n-20220921-2-0.csv":                event("\xff\n", 2, "0"),
		"AAA-BBB-CCCC-1663664837-1663785000-0-csv.gz":                  profiles,
		"p/AAA-BBB-CCCC-1663664837-1663785000-0-parquet.gzip":          profiles,
		"1663664837-1663785000-Order-Placed-20221321-0-0.csv.gz":       {}, // no day
		"1663664837-1663785000--20220921-0-0.csv.gz":                   {}, // no event
		"1663664837-Order-Placed-20220921-0-0.csv.gz":                  {},
		"1663664837-1663785000-Order-Placed-20220921-0-0":              {}, // no format
		"1663664837-1663785000-Order-Placed-20220921-0-0.csv.gz.":      {},
		"x1663664837-1663785000-Order-Placed-20220921-0-0.csv.gz":      {},
		"1663664837-1663785000-Order-Placed-20220921-0-0.csv.gz/part":  {},
		"AAA-BBB-CCCC-1663664837-1663785000-0-exe.gz":                  {},
		"": {},
	} {
		got, ok := ParseFileName(name)
		if d := cmp.Diff(want, got); d != "" || ok != (want != FileName{}) {
			t.Errorf("%q: %t (-want +got):\n%s", name, ok, d)
		}
	}
}

// FuzzParseFileName puts parts together that are to be found again.
func FuzzParseFileName(f *testing.F) {
	f.Add("Order-Placed", int64(3), uint32(7))
	f.Add("-20220921-0-0.csv", int64(0), uint32(0))
	f.Fuzz(func(t *testing.T, event string, index int64, db uint32) {
		ParseFileName(event)
		if index < 0 || index > 999999999 || event == "" {
			return
		}
		for i := range len(event) {
			if event[i] == '/' {
				return
			}
		}
		name := fmt.Sprintf("x/1663664837-1663785000-%s-20220921-%d-%d.csv.gz", event, index, db)
		got, ok := ParseFileName(name)
		if !ok || got.Event != event || got.Index != index || got.Database != fmt.Sprint(db) {
			t.Errorf("%q: %+v", name, got)
		}
	})
}

func TestNaturally(t *testing.T) {
	sorted := []string{"", "a", "a-0-9", "a-1-2", "a-2-0.csv", "a-10-0.csv", "a-010-1", "a-10000000000000000000000-0", "a01", "a1", "a1b", "b"}
	for i, a := range sorted {
		for j, b := range sorted {
			got := naturally(a, b)
			if (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%q and %q compare as %d", a, b, got)
			}
		}
	}
}
