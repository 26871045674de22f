package bigquery

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	bq "cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"

	"tapline/warehouse"
)

func TestUnits(t *testing.T) {
	gs := func(name string) warehouse.Part { return warehouse.Part{URL: "gs://b/" + name} }
	many := make([]warehouse.Part, mostURIs+1)
	for i := range many {
		many[i] = gs(fmt.Sprint(i))
	}
	for name, c := range map[string]struct {
		parts []warehouse.Part
		want  []int // URIs of each job, 0 = an upload
	}{
		"none":      {nil, nil},
		"uploads":   {[]warehouse.Part{{URL: "file:///a"}, {URL: "s3://b/c"}}, []int{0, 0}},
		"objects":   {[]warehouse.Part{gs("a"), gs("b"), gs("c")}, []int{3}},
		"odd names": {[]warehouse.Part{gs("a*"), gs("b"), gs("c//d")}, []int{0, 1, 0}},
		"many":      {many, []int{mostURIs, 1}},
	} {
		var have []int
		for _, u := range units(c.parts) {
			have = append(have, len(u.uris))
		}
		if d := cmp.Diff(c.want, have); d != "" {
			t.Errorf("%s (- want, + have):\n%s", name, d)
		}
	}
}

func TestMark(t *testing.T) {
	err := fmt.Errorf("job x: %w", &bq.Error{Reason: "invalidQuery", Message: "tapline-count: 3 0 2 . at [2:1]"})
	if n, ok := mark(err, "count"); !ok || !cmp.Equal(n, []int64{3, 0, 2}) {
		t.Errorf("mark = %v, %v", n, ok)
	}
	if _, ok := mark(err, "moved"); ok {
		t.Error("another mark is found")
	}
	if _, ok := mark(errors.New("no"), "count"); ok {
		t.Error("a mark is found where there is none")
	}
}

func TestSlot(t *testing.T) {
	w := &Warehouse{cfg: Config{Project: "p", Dataset: "d"}}
	a := w.newSlot("load", 1, "t", "s").attempt(0)
	for _, other := range []string{
		w.newSlot("load", 1, "t", "s").attempt(1), w.newSlot("load", 2, "t", "s").attempt(0),
		w.newSlot("commit", 1, "t", "s").attempt(0), w.newSlot("load", 1, "ts", "").attempt(0),
		(&Warehouse{cfg: Config{Project: "p", Dataset: "e"}}).newSlot("load", 1, "t", "s").attempt(0),
	} {
		if a == other {
			t.Errorf("%s is two jobs", a)
		}
	}
	if a != w.newSlot("load", 1, "t", "s").attempt(0) || strings.Trim(a, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		t.Errorf("%q is not a job's id that stays", a)
	}
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"no project": {Config{Dataset: "d"}, "project:"},
		"no dataset": {Config{Project: "p"}, "dataset:"},
		"odd":        {Config{Project: "p`; drop", Dataset: "d"}, "not names"},
		"two keys":   {Config{Project: "p", Dataset: "d", KeyFile: "f", KeyJSON: []byte("{}")}, "not both"},
		"key file":   {Config{Project: "p", Dataset: "d", KeyFile: "/nowhere/key.json"}, "/nowhere/key.json"},
		"key":        {Config{Project: "p", Dataset: "d", KeyJSON: []byte(`{"private_key":"hush"`)}, "not JSON"},
	} {
		_, err := New(t.Context(), c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: error = %v, want one that says %q", name, err, c.says)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for given, want := range map[string]string{
		"http://127.0.0.1:9050":               "http://127.0.0.1:9050/bigquery/v2/",
		"127.0.0.1:9050/":                     "http://127.0.0.1:9050/bigquery/v2/",
		"http://127.0.0.1:9050/bigquery/v2":   "http://127.0.0.1:9050/bigquery/v2/",
		"https://bq.example.com/bigquery/v2/": "https://bq.example.com/bigquery/v2/",
	} {
		if have := endpoint(given); have != want {
			t.Errorf("%s becomes %s, want %s", given, have, want)
		}
	}
}

func TestTextOf(t *testing.T) {
	for want, v := range map[string]bq.Value{
		"a":                        "a",
		"YWI=":                     []byte("ab"),
		"1.5":                      big.NewRat(3, 2),
		"12":                       big.NewRat(12, 1),
		"2026-09-01T10:00:00":      civil.DateTime{Date: civil.Date{Year: 2026, Month: 9, Day: 1}, Time: civil.Time{Hour: 10}},
		`[1,"b",0.1,"2026-09-01"]`: []bq.Value{int64(1), "b", big.NewRat(1, 10), civil.Date{Year: 2026, Month: 9, Day: 1}},
	} {
		if have, err := textOf(v); err != nil || have != want {
			t.Errorf("%v becomes %q, %v; want %q", v, have, err, want)
		}
	}
}

func TestPassing(t *testing.T) {
	for reason, c := range map[string]struct {
		status int
		want   bool
	}{
		"backendError": {503, true}, "rateLimitExceeded": {403, true}, "quotaExceeded": {403, false},
		"accessDenied": {403, false}, "notFound": {404, false}, "invalid": {400, false}, "": {502, true},
	} {
		err := &googleapi.Error{Code: c.status, Errors: []googleapi.ErrorItem{{Reason: reason}}}
		if have := isPassing(err); have != c.want {
			t.Errorf("%s: passing = %v", reason, have)
		}
	}
	if !isPassing(&bq.Error{Reason: "invalidQuery", Message: "Transaction is aborted due to concurrent update against table a:b.c"}) {
		t.Error("contention does not pass")
	}
}
