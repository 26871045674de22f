package sql

import "maps"

// bigquerySamples render each statement of BigQuery that has something to fill in.
func bigquerySamples() map[string]any {
	type filter struct {
		Column string
		Day    bool
	}
	type key struct {
		Name string
		Text bool
	}
	type decimal struct {
		Name, Type   string
		Scale, Index int
	}
	type table struct {
		Name, Event string
		Filter      *filter
	}
	where := map[string]any{"Project": "acme-1", "Dataset": "raw"}
	with := func(base, more map[string]any) map[string]any {
		all := maps.Clone(base)
		maps.Copy(all, more)
		return all
	}
	// nasty breaks out of what does not quote it as BigQuery does.
	nasty := "a`b\\'; drop table x; --\n"
	table1 := map[string]any{"Table": nasty, "Filter": (*filter)(nil)}
	daily := map[string]any{"Table": nasty, "Filter": &filter{"event_date", true}}
	all := map[string]any{"Table": nasty, "Filter": &filter{"event_date", false}}
	entries := map[string]any{"Entries": "entries", "Stage": "stage"}
	keyed := func(base map[string]any, full bool) map[string]any {
		return with(base, map[string]any{"Key": []key{{"a", false}, {nasty, true}}, "Columns": []string{"a", nasty, "d"}, "Compared": []string{"d"},
			"Lacked": []string{"e"}, "Contents": []string{"d", "e"}, "Stage": "stage", "Full": full})
	}
	fields := []string{"c1", "c2"}
	records := map[string]any{"Into": "into", "Stage": "stage", "All": append(fields, "c3"), "Fields": fields, "Last": "c2", "Beyond": "c3", "Second": "c2"}
	type cell struct {
		Field, Name, Source    string
		Form, Show, Text, Hash string
		Wrong, Raw, Cast, Kind string
		Derived, Blank         bool
	}
	cells := []cell{
		{"c1", nasty, nasty, "f", "s", "t", "h", "w", "r", "c", "k", false, true},
		{"c2", "b", "b", "f", "s", "t", "h", "w", "r", "", "k", true, false},
	}
	type path struct {
		Name  string
		Index int
	}
	lines := map[string]any{"Into": "into", "Stage": nasty, "String": `"[^"]*"`, "Bare": "b", "Scalar": "s", "Inner": nasty, "Token": "t", "Keys": "k",
		"Flat": "f", "Passed": "(p)|q", "Pair": `\[p'`, "Levels": make([]struct{}, 2), "Stages": []string{"pairs1", nasty}, "Most": 20001}
	return map[string]any{
		"amend_cells":            with(with(daily, entries), map[string]any{"Column": nasty, "Value": "v_string", "Type": "NUMERIC", "Index": 2}),
		"amend_check":            entries,
		"amend_receipt":          entries,
		"amend_release":          entries,
		"amend_rows":             with(with(table1, entries), map[string]any{"Columns": []string{"a", nasty}}),
		"applied_check":          daily,
		"check":                  map[string]any{"Stage": "stage"},
		"beyond_double":          with(all, map[string]any{"Column": nasty}),
		"exact_check":            map[string]any{"Stage": "stage", "Column": nasty, "Index": 3},
		"files_forget":           map[string]any{"Stage": "stage"},
		"group_check":            map[string]any{"Stage": "stage"},
		"group_insert":           map[string]any{"Table": nasty, "Columns": []string{"a", nasty}, "Stage": "stage", "Load": "load"},
		"guard":                  map[string]any{"Slice": true},
		"history_delete":         keyed(table1, false),
		"history_insert":         keyed(table1, false),
		"history_insert#all":     keyed(all, false),
		"history_keyless":        keyed(all, false),
		"history_mark":           with(all, entries),
		"history_settle":         keyed(table1, false),
		"history_settle#all":     keyed(all, true),
		"history_sweep":          all,
		"history_verify":         with(where, keyed(all, false)),
		"guard#table":            map[string]any{"Slice": false},
		"load_delete":            table1,
		"merge_settle":           with(table1, map[string]any{"Key": []key{{"a", false}, {nasty, true}}}),
		"merge_settle#all":       with(all, map[string]any{"Key": []key{{"a", false}}}),
		"pipeline_delete":        table1,
		"pull_aside_cells":       with(records, map[string]any{"Columns": cells}),
		"pull_aside_rows":        with(records, map[string]any{"Separator": ";"}),
		"pull_causes":            records,
		"pull_count":             records,
		"pull_count#one":         map[string]any{"Stage": "stage", "Fields": fields[:1], "Last": "c1", "Beyond": "", "Second": ""},
		"pull_first":             with(records, map[string]any{"Most": 1000}),
		"pull_functions":         map[string]any{"Zone": "Asia/Kolkata"},
		"pull_head":              map[string]any{"All": "a", "Rest": "b"},
		"pull_insert":            with(table1, map[string]any{"Columns": cells[:1], "Stage": "stage"}),
		"pull_json_check":        lines,
		"pull_json_deeper":       lines,
		"pull_json_first":        lines,
		"pull_json_functions":    map[string]any{"Zone": "Asia/Kolkata"},
		"pull_json_keys":         lines,
		"pull_json_objects":      lines,
		"pull_json_odd":          lines,
		"pull_json_sift":         with(lines, map[string]any{"Fields": []path{{"c1", 0}, {"c7", 1}}, "Constants": []string{"x3"}}),
		"pull_json_twice":        lines,
		"pull_kinds":             with(records, map[string]any{"Columns": cells}),
		"pull_parquet_functions": map[string]any{"Zone": "Asia/Kolkata", "Forms": []string{"%.0e", "%.1e", "%.2e", "%.3e", "%.4e", "%.5e", "%.6e"}},
		"pull_parquet_keys":      map[string]any{"Stage": "stage", "Map": []string{"m", nasty}, "Key": "key", "Most": 10},
		"pull_parquet_sift":      map[string]any{"Into": "into", "Stage": "stage", "Fields": parquetFields(nasty), "Some": fields[:1], "Constants": []string{"x3"}},
		"pull_parquet_sift#1":    map[string]any{"Into": "into", "Stage": "stage", "Fields": nil, "Some": nil, "Constants": []string{"x1"}},
		"pull_sift":              with(records, map[string]any{"Some": fields[:1], "Constants": []string{"x3"}}),
		"group_aside":            map[string]any{"Stage": "stage"},
		"quarantine_check":       map[string]any{"Stage": "stage"},
		"quarantine_delete":      map[string]any{"All": false},
		"quarantine_delete#1":    map[string]any{"All": true},
		"receipts":               map[string]any{"InForce": true},
		"receipts#all":           map[string]any{"InForce": false},
		"slice_delete":           table1,
		"slice_delete#all":       all,
		"slice_delete#day":       daily,
		"stage_check":            map[string]any{"Stage": "stage"},
		"stage_decimal":          map[string]any{"To": nasty, "Stage": "stage", "Columns": []decimal{{"a", "", 0, 0}, {nasty, "NUMERIC", 9, 1}}},
		"stage_insert":           map[string]any{"Table": nasty, "Columns": []string{"a", nasty}, "Stage": "stage"},
		"verify":                 with(table1, where),
		"verify#all":             with(all, where),
		"verify#gone":            map[string]any{"Dataset": "raw", "Table": "", "Filter": (*filter)(nil)},
		"view_freshness": with(where, map[string]any{"Tables": []table{
			{nasty, "ts", nil}, {"b", "event_date", &filter{"event_date", false}}, {"c", "", nil}}}),
		"pull_json_functions#1": map[string]any{"Zone": ""},
		"view_freshness#empty":  with(where, map[string]any{"Tables": []table{}}),
		"view_loads":            where,
		"view_put":              with(where, map[string]any{"View": nasty, "About": "it's\na view", "Query": "select 1 -- one"}),
		"view_runs":             where,
		"widen_column":          map[string]any{"Table": nasty, "Column": nasty},
	}
}

// A parquetValue is a value as pull_parquet_sift needs it.
type parquetValue struct {
	Kind, From      string
	Path            []string
	Function, Scale string
	Text            bool
	Members         []parquetValue
	List, Item      *parquetValue
	Key, KeyName    string
}

// parquetFields are a field of each kind of value.
func parquetFields(nasty string) any {
	type field struct {
		Name  string
		Value parquetValue
	}
	number := parquetValue{Kind: "field", From: "r", Path: []string{"a", nasty}, Function: "f"}
	decimal := parquetValue{Kind: "field", From: "r", Path: []string{"b"}, Function: "f", Scale: "2", Text: true}
	item := parquetValue{Kind: "field", From: "e", Path: []string{"element"}, Function: "f"}
	union := parquetValue{Kind: "union", From: "kv", Path: []string{"value"}, Members: []parquetValue{
		{Kind: "field", From: "kv", Path: []string{"value", "member0"}, Function: "f"}, {Kind: "field", From: "kv", Path: []string{"value", "member1"}, Function: "g"},
	}}
	return []field{
		{"c1", number}, {"c2", decimal},
		{"c3", parquetValue{Kind: "list", From: "r", Path: []string{"l"}, List: &parquetValue{From: "r", Path: []string{"l", "list"}}, Item: &item}},
		{"c4", parquetValue{Kind: "map", From: "r", List: &parquetValue{From: "r", Path: []string{"m", "key_value"}}, Item: &union, Key: nasty, KeyName: "key"}},
	}
}
