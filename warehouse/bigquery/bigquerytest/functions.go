//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"regexp"
	"strings"
)

// A function makes a call of GoogleSQL one of DuckDB. Its arguments are
// translated; least and most say how many there may be.
type function struct {
	least, most int
	// form is the call, with $1, $2, ... for arguments, $* for all of them;
	// "" = the name in lower case with all of them.
	form string
}

// functions are those that are translated argument by argument.
func functions() map[string]function {
	return map[string]function{
		"ABS": {1, 1, ""}, "SIGN": {1, 1, ""}, "SQRT": {1, 1, ""}, "EXP": {1, 1, ""}, "LN": {1, 1, ""}, "LOG10": {1, 1, ""},
		"FLOOR": {1, 1, ""}, "CEIL": {1, 1, ""}, "CEILING": {1, 1, "ceil($1)"}, "ROUND": {1, 2, ""}, "TRUNC": {1, 1, ""},
		"POW": {2, 2, ""}, "POWER": {2, 2, "pow($*)"}, "MOD": {2, 2, "($1 % bq_nonzero($2))"}, "DIV": {2, 2, "($1 // bq_nonzero($2))"},
		"SAFE_DIVIDE": {2, 2, "CASE WHEN $2 = 0 THEN NULL ELSE $1 / $2 END"}, "IS_NAN": {1, 1, "isnan($1)"}, "IS_INF": {1, 1, "isinf($1)"},
		"IF": {3, 3, "CASE WHEN $1 THEN $2 ELSE $3 END"}, "IFNULL": {2, 2, "coalesce($*)"}, "COALESCE": {1, 99, ""}, "NULLIF": {2, 2, ""},
		"CONCAT": {1, 99, "($||)"}, "LENGTH": {1, 1, ""}, "CHAR_LENGTH": {1, 1, "length($1)"}, "BYTE_LENGTH": {1, 1, "strlen($1)"}, "LOWER": {1, 1, ""}, "UPPER": {1, 1, ""},
		"TRIM": {1, 2, ""}, "LTRIM": {1, 2, ""}, "RTRIM": {1, 2, ""}, "REPLACE": {3, 3, ""}, "REVERSE": {1, 1, ""}, "REPEAT": {2, 2, ""},
		"STARTS_WITH": {2, 2, ""}, "ENDS_WITH": {2, 2, ""}, "STRPOS": {2, 2, ""}, "SUBSTR": {2, 3, ""}, "SUBSTRING": {2, 3, ""},
		"LEFT": {2, 2, ""}, "RIGHT": {2, 2, ""}, "LPAD": {3, 3, ""}, "RPAD": {3, 3, ""}, "ASCII": {1, 1, ""},
		"REGEXP_CONTAINS": {2, 2, "regexp_matches($*)"}, "REGEXP_REPLACE": {3, 3, "regexp_replace($*, 'g')"},
		"SPLIT": {2, 2, "string_split($*)"}, "ARRAY_LENGTH": {1, 1, "len($1)"}, "ARRAY_CONCAT": {2, 2, "list_concat($*)"},
		"ARRAY_TO_STRING": {2, 2, ""}, "ARRAY_REVERSE": {1, 1, "list_reverse($1)"}, "GENERATE_ARRAY": {2, 3, "generate_series($*)"},
		"TO_HEX": {1, 1, "lower(hex($1))"}, "FROM_HEX": {1, 1, "unhex($1)"}, "MD5": {1, 1, "unhex(md5($1))"}, "SHA256": {1, 1, "unhex(sha256($1))"},
		"TO_BASE64": {1, 1, "base64($1)"}, "FROM_BASE64": {1, 1, "from_base64($1)"}, "FARM_FINGERPRINT": {1, 1, "CAST(hash($1) // 2 AS BIGINT)"}, "GENERATE_UUID": {0, 0, "CAST(uuid() AS VARCHAR)"},
		"TO_JSON_STRING": {1, 1, "CAST(to_json($1) AS VARCHAR)"}, "PARSE_JSON": {1, 1, "CAST($1 AS JSON)"},
		"JSON_VALUE": {2, 2, "CASE WHEN json_type($1, $2) IN ('OBJECT', 'ARRAY') THEN NULL ELSE json_extract_string($1, $2) END"},
		"JSON_QUERY": {2, 2, "json_extract($1, $2)"}, "ERROR": {1, 1, ""},
		"UNIX_MICROS": {1, 1, "epoch_us($1)"}, "UNIX_MILLIS": {1, 1, "epoch_ms($1)"}, "UNIX_SECONDS": {1, 1, "(epoch_us($1) // 1000000)"},
		"UNIX_DATE":        {1, 1, "CAST($1 - DATE '1970-01-01' AS BIGINT)"},
		"TIMESTAMP_MICROS": {1, 1, "(make_timestamp($1) AT TIME ZONE 'UTC')"}, "TIMESTAMP_MILLIS": {1, 1, "(make_timestamp(($1) * 1000) AT TIME ZONE 'UTC')"},
		"TIMESTAMP_SECONDS": {1, 1, "(make_timestamp(($1) * 1000000) AT TIME ZONE 'UTC')"},
		"SESSION_USER":      {0, 0, "'tester'"}, "MAX": {1, 1, ""}, "MIN": {1, 1, ""}, "SUM": {1, 1, ""}, "AVG": {1, 1, ""}, "COUNT": {1, 1, ""},
		"ANY_VALUE": {1, 1, ""}, "LOGICAL_AND": {1, 1, "bool_and($1)"}, "LOGICAL_OR": {1, 1, "bool_or($1)"},
		"BIT_OR": {1, 1, ""}, "COUNTIF": {1, 1, "count(*) FILTER (WHERE $1)"}, "APPROX_COUNT_DISTINCT": {1, 1, "count(DISTINCT $1)"},
		"STDDEV": {1, 1, ""}, "STDDEV_SAMP": {1, 1, ""}, "STDDEV_POP": {1, 1, ""}, "VARIANCE": {1, 1, ""}, "VAR_SAMP": {1, 1, ""}, "VAR_POP": {1, 1, ""},
		"ROW_NUMBER": {0, 0, ""}, "RANK": {0, 0, ""}, "DENSE_RANK": {0, 0, ""}, "PERCENT_RANK": {0, 0, ""}, "CUME_DIST": {0, 0, ""}, "NTILE": {1, 1, ""},
		"LAG": {1, 3, ""}, "LEAD": {1, 3, ""}, "FIRST_VALUE": {1, 1, ""}, "LAST_VALUE": {1, 1, ""}, "NTH_VALUE": {2, 2, ""},
	}
}

// call translates a function call, SAFE. in front of it included.
func (t *translator) call(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	j, safe := i, false
	if toks[i].is("SAFE") && i+2 < len(toks) && toks[i+1].is(".") {
		j, safe = i+2, true
	}
	if j+1 >= len(toks) || !toks[j+1].is("(") {
		return 0, unexpected(toks, j)
	}
	end, err := closing(toks, j+1)
	if err != nil {
		return 0, err
	}
	v, err := t.apply(toks[j].key, toks[j+2:end], names)
	if err != nil {
		return 0, err
	}
	if safe {
		v = "TRY(" + v + ")"
	}
	b.WriteString(" " + v)
	return end + 1 - i, nil
}

// apply is the call of a function with the arguments.
func (t *translator) apply(name string, args []token, names map[string]bool) (string, error) {
	if special := t.special(name); special != nil {
		return special(args, names)
	}
	user, made := t.session.functions[name]
	f, ok := t.server.functions[name]
	if !ok && !made {
		return "", badQuery("Function not found: %s (or bigquerytest does not have it; see its package comment)", name)
	}
	var values []string
	if len(args) > 0 {
		for _, part := range split(args, ",") {
			v, err := t.expression(part, names)
			if err != nil {
				return "", err
			}
			values = append(values, v)
		}
	}
	if made {
		return t.callUser(name, user, values)
	}
	if len(values) < f.least || len(values) > f.most {
		return "", badQuery("No matching signature for function %s with %d arguments", name, len(values))
	}
	return f.fill(name, values), nil
}

// fill writes the arguments into the function's form.
func (f function) fill(name string, values []string) string {
	if f.form == "" {
		return lower(name) + "(" + strings.Join(values, ", ") + ")"
	}
	bracketed := make([]string, len(values))
	for i, v := range values {
		bracketed[i] = "(" + v + ")"
	}
	return regexp.MustCompile(`\$([0-9*]|\|\|)`).ReplaceAllStringFunc(f.form, func(m string) string {
		switch m {
		case "$*":
			return strings.Join(values, ", ")
		case "$||":
			return strings.Join(bracketed, " || ")
		}
		return bracketed[m[1]-'1']
	})
}

// A special is a function whose arguments are no list of expressions.
type special func(args []token, names map[string]bool) (string, error)

func (t *translator) special(name string) special {
	switch name {
	case "CAST", "SAFE_CAST":
		return func(args []token, names map[string]bool) (string, error) {
			return t.cast(args, names, name == "SAFE_CAST")
		}
	case "EXTRACT":
		return t.extract
	case "GREATEST", "LEAST":
		return func(args []token, names map[string]bool) (string, error) { return t.extreme(name, args, names) }
	case "ARRAY_AGG":
		return t.arrayAgg
	case "STRING_AGG":
		return t.stringAgg
	case "REGEXP_EXTRACT", "REGEXP_EXTRACT_ALL":
		return func(args []token, names map[string]bool) (string, error) { return t.regexpExtract(name, args, names) }
	case "FORMAT":
		return t.formatNumber
	case "CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_DATETIME":
		return func(args []token, _ map[string]bool) (string, error) {
			if len(args) > 0 {
				return "", badQuery("bigquerytest has %s without a time zone alone", name)
			}
			return t.clock(name), nil
		}
	}
	return t.temporal(name)
}

// cast translates the inside of CAST(x AS type).
func (t *translator) cast(args []token, names map[string]bool, try bool) (string, error) {
	at := find(args, "AS")
	if at < 0 {
		return "", unexpected(args, len(args))
	}
	f, n, err := parseType(args[at+1:])
	if err != nil {
		return "", err
	}
	if at+1+n != len(args) {
		return "", unexpected(args, at+1+n)
	}
	v, err := t.expression(args[:at], names)
	if err != nil {
		return "", err
	}
	k, scalar := kindNamed(f.Type)
	if f.Mode == "REPEATED" || !scalar || f.Precision > 0 {
		word := "CAST"
		if try {
			word = "TRY_CAST"
		}
		return word + "(" + v + " AS " + duckType(f) + ")", nil
	}
	return castMacro(k, v, try), nil
}

// extreme is NULL when one of its arguments is, unlike DuckDB's.
func (t *translator) extreme(name string, args []token, names map[string]bool) (string, error) {
	var values, nulls []string
	for _, part := range split(args, ",") {
		v, err := t.expression(part, names)
		if err != nil {
			return "", err
		}
		values, nulls = append(values, v), append(nulls, "("+v+") IS NULL")
	}
	return fmt.Sprintf("CASE WHEN %s THEN NULL ELSE %s(%s) END", strings.Join(nulls, " OR "), lower(name), strings.Join(values, ", ")), nil
}

// aggregate takes apart the inside of an aggregate: value, order and limit.
func (t *translator) aggregate(args []token, names map[string]bool) (value, order, limit string, err error) {
	if at := find(args, "LIMIT"); at >= 0 {
		if limit, err = t.expression(args[at+1:], names); err != nil {
			return "", "", "", err
		}
		args = args[:at]
	}
	if at := find(args, "ORDER"); at >= 0 {
		if order, err = t.expression(args[at:], names); err != nil {
			return "", "", "", err
		}
		args = args[:at]
	}
	value, err = t.expression(args, names)
	return value, " " + order, limit, err
}

func (t *translator) arrayAgg(args []token, names map[string]bool) (string, error) {
	nulls := find(args, "IGNORE")
	skip := nulls >= 0 && nulls+1 < len(args) && args[nulls+1].is("NULLS")
	if skip {
		args = append(append([]token{}, args[:nulls]...), args[nulls+2:]...)
	}
	value, order, limit, err := t.aggregate(args, names)
	if err != nil {
		return "", err
	}
	out := "list(" + value + order + ")"
	if skip {
		out += " FILTER (WHERE (" + strings.TrimPrefix(value, "DISTINCT ") + ") IS NOT NULL)"
	}
	if limit != "" {
		out = "list_slice(" + out + ", 1, " + limit + ")"
	}
	return out, nil
}

func (t *translator) stringAgg(args []token, names map[string]bool) (string, error) {
	value, order, limit, err := t.aggregate(args, names)
	switch {
	case err != nil:
		return "", err
	case limit != "":
		return "", badQuery("bigquerytest has no STRING_AGG with LIMIT")
	case len(split(args, ",")) == 1 || find(args, ",") > find(args, "ORDER") && find(args, "ORDER") >= 0:
		value += ", ','"
	}
	return "string_agg(" + value + order + ")", nil
}

// regexpExtract takes the group of the pattern, if it has one.
func (t *translator) regexpExtract(name string, args []token, names map[string]bool) (string, error) {
	parts := split(args, ",")
	if len(parts) != 2 || len(parts[1]) != 1 || parts[1][0].kind != str {
		return "", badQuery("bigquerytest has %s(value, 'literal') alone", name)
	}
	re, err := regexp.Compile(parts[1][0].val)
	if err != nil || re.NumSubexp() > 1 {
		return "", badQuery("Regular expression %s is invalid or has more than one group", parts[1][0].val)
	}
	v, err := t.expression(parts[0], names)
	pattern := text(parts[1][0].val)
	if name == "REGEXP_EXTRACT_ALL" {
		return fmt.Sprintf("regexp_extract_all(%s, %s, %d)", v, pattern, re.NumSubexp()), err
	}
	return fmt.Sprintf("CASE WHEN regexp_matches(%s, %s) THEN regexp_extract(%s, %s, %d) END", v, pattern, v, pattern, re.NumSubexp()), err
}
