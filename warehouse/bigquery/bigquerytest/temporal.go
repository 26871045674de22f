//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"strings"
	"time"
)

// clock is the moment of the job: the same throughout a query.
func (s *session) clock(name string) string {
	now := s.now.UTC().Truncate(time.Microsecond)
	switch name {
	case "CURRENT_DATE":
		return "DATE '" + now.Format(time.DateOnly) + "'"
	case "CURRENT_DATETIME":
		return "TIMESTAMP '" + now.Format("2006-01-02 15:04:05.000000") + "'"
	}
	return "TIMESTAMPTZ '" + now.Format("2006-01-02 15:04:05.000000") + "+00'"
}

// temporal are functions on dates and times.
func (t *translator) temporal(name string) special {
	kind, verb, _ := strings.Cut(name, "_")
	of := func(f func(kind string, parts [][]token, names map[string]bool) (string, error), least, most int) special {
		return func(args []token, names map[string]bool) (string, error) {
			parts := split(args, ",")
			if len(parts) < least || len(parts) > most {
				return "", badQuery("No matching signature for function %s with %d arguments", name, len(parts))
			}
			return f(kind, parts, names)
		}
	}
	timeKind := kind == "DATE" || kind == "TIMESTAMP" || kind == "DATETIME"
	switch {
	case timeKind && (verb == "ADD" || verb == "SUB"):
		return of(func(kind string, parts [][]token, names map[string]bool) (string, error) {
			return t.shift(kind, map[string]string{"ADD": "+", "SUB": "-"}[verb], parts, names)
		}, 2, 2)
	case timeKind && verb == "DIFF":
		return of(t.diff, 3, 3)
	case timeKind && verb == "TRUNC":
		return of(t.truncate, 2, 2)
	case timeKind && verb == "":
		return of(t.convert, 1, 2)
	case name == "GENERATE_DATE_ARRAY":
		return of(t.dates, 2, 3)
	case name == "FORMAT_TIMESTAMP", name == "FORMAT_DATE", name == "FORMAT_DATETIME":
		return of(t.format, 2, 3)
	case name == "PARSE_TIMESTAMP", name == "PARSE_DATE", name == "PARSE_DATETIME":
		return of(func(_ string, parts [][]token, names map[string]bool) (string, error) {
			return t.parse(verb, parts, names)
		}, 2, 2)
	}
	return nil
}

// interval translates INTERVAL n PART.
func (t *translator) interval(toks []token, names map[string]bool) (string, error) {
	n := len(toks)
	if n < 3 || !toks[0].is("INTERVAL") {
		return "", unexpected(toks, 0)
	}
	count, err := t.expression(toks[1:n-1], names)
	if err != nil {
		return "", err
	}
	to, ok := map[string]string{
		"MICROSECOND": "to_microseconds(CAST(%s AS BIGINT))", "MILLISECOND": "to_milliseconds(CAST(%s AS BIGINT))",
		"SECOND": "to_seconds(CAST(%s AS BIGINT))", "MINUTE": "to_minutes(CAST(%s AS BIGINT))", "HOUR": "to_hours(CAST(%s AS BIGINT))",
		"DAY": "to_days(CAST(%s AS INTEGER))", "WEEK": "to_weeks(CAST(%s AS INTEGER))", "MONTH": "to_months(CAST(%s AS INTEGER))",
		"QUARTER": "to_months(CAST(3 * (%s) AS INTEGER))", "YEAR": "to_years(CAST(%s AS INTEGER))",
	}[toks[n-1].key]
	if !ok {
		return "", unexpected(toks, n-1)
	}
	return fmt.Sprintf(to, count), nil
}

func (t *translator) shift(kind, sign string, parts [][]token, names map[string]bool) (string, error) {
	v, err := t.expression(parts[0], names)
	if err != nil {
		return "", err
	}
	by, err := t.interval(parts[1], names)
	return cast(fmt.Sprintf("(%s) %s %s", v, sign, by), kind), err
}

// cast gives a value the type of its kind again.
func cast(value, kind string) string {
	k, _ := kindNamed(kind)
	return "CAST(" + value + " AS " + k.duck + ")"
}

// unit is the name of a part of a date or time in DuckDB.
func unit(toks []token) (string, error) {
	if len(toks) == 1 {
		switch k := toks[0].key; k {
		case "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "QUARTER", "YEAR":
			return lower(k), nil
		case "ISOWEEK":
			return "week", nil
		case "ISOYEAR":
			return "isoyear", nil
		}
	}
	return "", unexpected(toks, 0)
}

// diff counts boundaries between dates, and whole units between timestamps.
func (t *translator) diff(kind string, parts [][]token, names map[string]bool) (string, error) {
	u, err := unit(parts[2])
	if err != nil {
		return "", err
	}
	a, err := t.expression(parts[0], names)
	if err != nil {
		return "", err
	}
	b, err := t.expression(parts[1], names)
	f := "date_diff"
	if kind == "TIMESTAMP" {
		f = "date_sub"
	}
	return fmt.Sprintf("%s('%s', %s, %s)", f, u, b, a), err
}

func (t *translator) truncate(kind string, parts [][]token, names map[string]bool) (string, error) {
	u, err := unit(parts[1])
	if err != nil {
		return "", err
	}
	v, err := t.expression(parts[0], names)
	return cast(fmt.Sprintf("date_trunc('%s', %s)", u, v), kind), err
}

// convert translates DATE(x), TIMESTAMP(x), DATETIME(x), with a time zone too.
func (t *translator) convert(kind string, parts [][]token, names map[string]bool) (string, error) {
	v, err := t.expression(parts[0], names)
	if err != nil {
		return "", err
	}
	k, _ := kindNamed(kind)
	if len(parts) == 1 {
		if kind == "DATE" { // of a timestamp too, which is no text
			return "CAST(" + v + " AS DATE)", nil
		}
		return castMacro(k, v, false), nil
	}
	zone, err := t.expression(parts[1], names)
	if kind == "TIMESTAMP" {
		return fmt.Sprintf("(CAST(%s AS TIMESTAMP) AT TIME ZONE %s)", v, zone), err
	}
	return cast(fmt.Sprintf("(CAST(%s AS TIMESTAMP WITH TIME ZONE) AT TIME ZONE %s)", v, zone), kind), err
}

func (t *translator) dates(_ string, parts [][]token, names map[string]bool) (string, error) {
	from, err := t.expression(parts[0], names)
	if err != nil {
		return "", err
	}
	to, err := t.expression(parts[1], names)
	if err != nil {
		return "", err
	}
	by := "to_days(1)"
	if len(parts) == 3 {
		by, err = t.interval(parts[2], names)
	}
	return fmt.Sprintf("CAST(generate_series(CAST(%s AS TIMESTAMP), CAST(%s AS TIMESTAMP), %s) AS DATE[])", from, to, by), err
}

// pattern makes a format of GoogleSQL one of DuckDB.
func pattern(toks []token) (string, error) {
	if len(toks) != 1 || toks[0].kind != str {
		return "", badQuery("bigquerytest has formats of times that are literals alone")
	}
	var b strings.Builder
	for rest := toks[0].val; rest != ""; {
		if rest[0] != '%' || len(rest) == 1 {
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		switch {
		case strings.HasPrefix(rest, "%E4Y"):
			b.WriteString("%Y")
			rest = rest[4:]
			continue
		case strings.HasPrefix(rest, "%E6S"):
			b.WriteString("%S.%f")
			rest = rest[4:]
			continue
		case rest[1] == 'F':
			b.WriteString("%Y-%m-%d")
		case rest[1] == 'T':
			b.WriteString("%H:%M:%S")
		case strings.IndexByte("YmdHMSyjBbAaIp%", rest[1]) >= 0:
			b.WriteString(rest[:2])
		default:
			return "", badQuery("bigquerytest does not have %s in formats of times", rest[:2])
		}
		rest = rest[2:]
	}
	return b.String(), nil
}

func (t *translator) format(_ string, parts [][]token, names map[string]bool) (string, error) {
	p, err := pattern(parts[0])
	if err != nil {
		return "", err
	}
	v, err := t.expression(parts[1], names)
	if err != nil {
		return "", err
	}
	if len(parts) == 3 {
		zone, err := t.expression(parts[2], names)
		return fmt.Sprintf("strftime((%s) AT TIME ZONE %s, %s)", v, zone, text(p)), err
	}
	return fmt.Sprintf("strftime(CAST(%s AS TIMESTAMP), %s)", v, text(p)), nil
}

func (t *translator) parse(kind string, parts [][]token, names map[string]bool) (string, error) {
	p, err := pattern(parts[0])
	if err != nil {
		return "", err
	}
	v, err := t.expression(parts[1], names)
	return cast(fmt.Sprintf("strptime(%s, %s)", v, text(p)), kind), err
}

// extract translates EXTRACT(part FROM x [AT TIME ZONE z]).
func (t *translator) extract(args []token, names map[string]bool) (string, error) {
	from := find(args, "FROM")
	if from != 1 {
		return "", unexpected(args, 1)
	}
	value, zone := args[2:], ""
	if at := find(value, "AT"); at >= 0 && at+3 < len(value) && value[at+1].is("TIME") && value[at+2].is("ZONE") {
		z, err := t.expression(value[at+3:], names)
		if err != nil {
			return "", err
		}
		value, zone = value[:at], " AT TIME ZONE "+z
	}
	v, err := t.expression(value, names)
	if err != nil {
		return "", err
	}
	v = "(" + v + ")" + zone
	switch args[0].key {
	case "DATE":
		return "CAST(" + v + " AS DATE)", nil
	case "DAYOFWEEK":
		return "(dayofweek(" + v + ") + 1)", nil
	case "DAYOFYEAR":
		return "dayofyear(" + v + ")", nil
	case "MILLISECOND", "MICROSECOND":
		return "", unexpected(args, 0) // DuckDB counts whole seconds in
	}
	u, err := unit(args[:1])
	return "date_part('" + u + "', " + v + ")", err
}
