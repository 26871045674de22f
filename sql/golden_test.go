package sql

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostile is a name that breaks out of whatever does not quote it.
const hostile = `a"b'; drop table x; --`

// duckdbSamples render each statement of DuckDB that has something to fill in.
func duckdbSamples() map[string]any {
	type column struct{ Name, Type string }
	type table struct{ Name, Event string }
	table1, parts := map[string]any{"Table": hostile}, []string{"/stage/it's.parquet", "/stage/b.parquet"}
	with := func(more map[string]any) map[string]any {
		all := map[string]any{"Table": hostile}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	keyed := with(map[string]any{"Key": []string{"k", `c"`}, "Columns": []string{"k", `c"`, "d"}, "Compared": []string{"d"}, "Lacked": []string{`e"`},
		"Contents": []string{"d", `e"`}, "Paths": parts})
	return map[string]any{
		"add_column":      with(map[string]any{"Column": `c"`, "Type": "BIGINT"}),
		"amend_add":       map[string]any{"Values": true, "Count": 2},
		"amend_cells":     with(map[string]any{"Column": `c"`}),
		"amend_start":     map[string]any{"Type": "DOUBLE"},
		"attach":          map[string]any{"Path": "/data/it's.duckdb", "ReadOnly": true},
		"attach#write":    map[string]any{"Path": "/data/bi.duckdb", "ReadOnly": false},
		"beyond_double":   with(map[string]any{"Column": `c"`}),
		"comment_column":  with(map[string]any{"Column": `c"`, "Source": "it's"}),
		"comment_table":   with(map[string]any{"About": "it's"}),
		"create_table":    with(map[string]any{"Columns": []column{{`c"`, "BIGINT"}, {"d", "VARCHAR"}}}),
		"history_delete":  keyed,
		"history_insert":  keyed,
		"history_keyless": keyed,
		"history_mark":    table1,
		"history_settle":  keyed,
		"history_sweep":   table1,
		"history_verify":  keyed,
		"merge_settle":    with(map[string]any{"Key": []string{"k", `c"`}}),
		"parts_check":     map[string]any{"Paths": parts, "Last": int64(41)},
		"parts_inexact":   map[string]any{"Paths": parts, "Column": `c"`},
		"parts_insert":    with(map[string]any{"Columns": []string{"k", `c"`}, "Paths": parts, "Only": "amended"}),
		"parts_schema":    map[string]any{"Paths": parts},
		"pipeline_delete": table1,
		"set_memory":      map[string]any{"Memory": int64(128 << 20)},
		"set_memory#all":  map[string]any{"Memory": int64(0)},
		"set_order":       map[string]any{"Keep": false},
		"set_threads":     map[string]any{"Threads": 2},
		"slice_delete":    table1,
		"sources_add":     map[string]any{"Rows": 2},
		"verify":          table1,
		"view_freshness":  map[string]any{"Tables": []table{{hostile, "ts"}, {"b", "event_date"}, {"c", ""}}},
		"view_comment":    map[string]any{"View": hostile, "About": "it's"},
		"view_probe":      map[string]any{"Query": "select 1 -- one"},
		"view_put":        map[string]any{"View": hostile, "Query": "select 1 -- one"},
		"widen_column":    with(map[string]any{"Column": `c"`}),
		// Other shapes of the same statements, by a name after "#".
		"amend_add#rows":       map[string]any{"Values": false, "Count": 3},
		"amend_start#rows":     map[string]any{"Type": ""},
		"parts_insert#all":     with(map[string]any{"Columns": []string{"k"}, "Paths": parts[:1], "Only": ""}),
		"verify#gone":          map[string]any{"Table": ""},
		"view_freshness#empty": map[string]any{"Tables": []table{}},
	}
}

// TestGolden renders every statement and compares the texts with testdata.
func TestGolden(t *testing.T) {
	for dialect, samples := range map[string]map[string]any{
		"bigquery": bigquerySamples(),
		"duckdb":   duckdbSamples(),
		"postgres": postgresSamples(),
	} {
		t.Run(dialect, func(t *testing.T) { golden(t, dialect, samples) })
	}
}

func golden(t *testing.T, dialect string, samples map[string]any) {
	names, err := Names(dialect)
	if err != nil {
		t.Fatal(err)
	}
	for sample, values := range map[string]bool{"dictionary_fill": false, "dictionary_fill#samples": true} {
		samples[sample] = map[string]any{"Table": "orders", "Columns": []string{"a", "b"}, "Samples": values}
	}
	for _, name := range names {
		if _, ok := samples[name]; !ok {
			samples[name] = nil
		}
	}
	have := &txtar.Archive{}
	for _, sample := range slices.Sorted(maps.Keys(samples)) {
		name, _, _ := strings.Cut(sample, "#")
		text, err := Text(dialect, name, samples[sample])
		if err != nil {
			t.Fatal(err)
		}
		have.Files = append(have.Files, txtar.File{Name: sample, Data: []byte(text + "\n")})
	}
	path := filepath.Join("testdata", dialect+".txtar")
	if *update {
		if err := os.WriteFile(path, txtar.Format(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(txtar.Format(have))); d != "" {
		t.Errorf("rendered statements differ (- golden, + now); -update writes them anew:\n%s", d)
	}
}
