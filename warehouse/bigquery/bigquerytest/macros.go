//go:build cgo && !noduckdb

package bigquerytest

// macros give DuckDB the casts of GoogleSQL where its own read more or less
// text. Each exists twice: the one fails, the other (bq_try) says NULL.
func macros() []string {
	shapes := []struct{ name, duck, pattern string }{
		{"int64", "BIGINT", `^\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*$`},
		{"float64", "DOUBLE", `^\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?)\s*$`},
		{"bool", "BOOLEAN", `^\s*([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])\s*$`},
		{"date", "DATE", `^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*$`},
		{"time", "TIME", `^\s*[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,6})?\s*$`},
		{"datetime", "TIMESTAMP", `^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ tT][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,6})?)?\s*$`},
		{"timestamp", "TIMESTAMP WITH TIME ZONE", `^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ tT][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?)? ?([zZ]|[+-][0-9]{1,2}(:?[0-9]{2})?|UTC)?\s*$`},
		{"numeric", "DECIMAL(38,9)", `^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$`},
		{"bignumeric", "DECIMAL(38,18)", `^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$`},
	}
	var all []string
	for _, m := range shapes {
		fits := "(typeof(x) <> 'VARCHAR' OR x IS NULL OR regexp_matches(CAST(x AS VARCHAR), " + text(m.pattern) + "))"
		all = append(all,
			"CREATE MACRO bq_"+m.name+"(x) AS CASE WHEN "+fits+" THEN CAST(x AS "+m.duck+") ELSE CAST(error('Bad "+m.name+" value: ' || CAST(x AS VARCHAR)) AS "+m.duck+") END",
			"CREATE MACRO bq_try_"+m.name+"(x) AS CASE WHEN "+fits+" THEN TRY_CAST(x AS "+m.duck+") END")
	}
	return append(all,
		`CREATE MACRO bq_string(x) AS CASE WHEN typeof(x) = 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\.0$', '') WHEN typeof(x) = 'BLOB' THEN decode(CAST(CAST(x AS VARCHAR) AS BLOB)) ELSE CAST(x AS VARCHAR) END`,
		"CREATE MACRO bq_bytes(x) AS CASE WHEN typeof(x) = 'VARCHAR' THEN encode(CAST(x AS VARCHAR)) ELSE CAST(x AS BLOB) END",
		"CREATE MACRO bq_nonzero(x) AS CASE WHEN x = 0 THEN error('division by zero') ELSE x END",
	)
}

// castMacro is a cast of GoogleSQL in DuckDB's dialect.
func castMacro(k kind, value string, try bool) string {
	prefix := "bq_"
	if try {
		prefix = "bq_try_"
	}
	switch k.sql {
	case "STRING":
		if try { // bytes may be no text
			return "TRY(bq_string(" + value + "))"
		}
		return "bq_string(" + value + ")"
	case "BYTES":
		return "bq_bytes(" + value + ")"
	case "JSON":
		if try {
			return "TRY_CAST(" + value + " AS " + k.duck + ")"
		}
		return "CAST(" + value + " AS " + k.duck + ")"
	case "INT64", "FLOAT64", "BOOL", "DATE", "TIME", "DATETIME", "TIMESTAMP", "NUMERIC", "BIGNUMERIC":
		return prefix + lower(k.sql) + "(" + value + ")"
	}
	return "CAST(" + value + " AS " + k.duck + ")"
}
