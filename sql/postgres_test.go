package sql

// postgresSamples render each statement of PostgreSQL that has something to fill in.
func postgresSamples() map[string]any {
	type column struct{ Name, Type string }
	type view struct{ Schema, Name string }
	columns := []column{{`c"`, "bigint"}, {"d", "text"}}
	with := func(more map[string]any) map[string]any {
		all := map[string]any{"Schema": `it's "raw"`, "Table": hostile}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	type content struct {
		Name string
		Text bool
	}
	contents := []content{{"d", false}, {`e"`, true}}
	keyed := func(all bool) map[string]any {
		return with(map[string]any{"Key": []string{"k", `c"`}, "Columns": []string{"k", `c"`, "d"}, "Compared": contents[:1],
			"Lacked": []string{`e"`}, "Contents": contents, "All": all})
	}
	samples := map[string]any{
		"history_delete":   keyed(false),
		"history_insert":   keyed(false),
		"history_keyless":  keyed(true),
		"history_settle":   keyed(false),
		"history_sweep":    keyed(false),
		"history_verify":   keyed(false),
		"history_yield":    keyed(false),
		"alter_table":      with(map[string]any{"Added": columns, "Widened": []string{"n", `m"`}}),
		"amend_cells":      with(map[string]any{"Column": `c"`, "Type": "numeric(10,2)"}),
		"beyond_double":    with(map[string]any{"Column": `c"`}),
		"comment_column":   with(map[string]any{"Column": `c"`, "Source": "it's"}),
		"comment_table":    with(map[string]any{"About": "it's"}),
		"comment_view":     with(map[string]any{"View": hostile, "About": "it's"}),
		"copy":             with(map[string]any{"Temp": false, "Columns": []string{"k", `c"`}}),
		"create_default":   with(map[string]any{"Name": hostile + "_rest"}),
		"create_partition": with(map[string]any{"Name": hostile + "_202609", "From": "2026-09-01", "To": "2026-10-01"}),
		"create_table":     with(map[string]any{"Columns": columns, "Partition": ""}),
		"grant":            map[string]any{"Grant": `GRANT SELECT ON public."v""" TO reader`},
		"index_make":       with(map[string]any{"Columns": []string{"k", `c"`}}),
		"merge_forget":     with(map[string]any{"Key": []string{"k", `c"`}}),
		"merge_take":       with(map[string]any{"Columns": []string{"k", `c"`}}),
		"merge_within":     with(map[string]any{"Key": []string{"k", `c"`}}),
		"merge_yield":      with(map[string]any{"Key": []string{"k", `c"`}}),
		"staged_create":    with(map[string]any{"Columns": []string{"k", `c"`}}),
		"staged_insert":    with(map[string]any{"Columns": []string{"k", `c"`}}),
		"view_make":        with(map[string]any{"View": hostile, "Query": "SELECT 1"}),
		"views_drop":       map[string]any{"Views": []view{{"public", hostile}, {"other", "v"}}},
		// Other shapes of the same statements, by a name after "#".
		"alter_table#add":        with(map[string]any{"Added": columns[:1], "Widened": []string(nil)}),
		"alter_table#widen":      with(map[string]any{"Added": []column(nil), "Widened": []string{"n"}}),
		"history_settle#all":     keyed(true),
		"history_sweep#all":      keyed(true),
		"copy#staged":            with(map[string]any{"Temp": true, "Columns": []string{"k"}}),
		"create_table#partition": with(map[string]any{"Columns": columns, "Partition": "d"}),
		"verify#gone":            with(map[string]any{"Table": ""}),
	}
	names, err := Names("postgres")
	if err != nil {
		return samples // the golden test says so
	}
	for _, name := range names {
		if samples[name] == nil {
			samples[name] = with(nil)
		}
	}
	return samples
}
