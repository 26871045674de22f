//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// reservedWords are those that GoogleSQL takes as names in backticks alone.
const reservedWords = " ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT " +
	"DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP GROUPING " +
	"GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL " +
	"NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT " +
	"TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN "

func reserved(key string) bool { return strings.Contains(reservedWords, " "+key+" ") }

// passing are reserved words that mean in DuckDB what they mean in GoogleSQL.
const passing = " AND OR NOT IN IS NULL TRUE FALSE BETWEEN LIKE CASE WHEN THEN ELSE END DISTINCT AS OVER PARTITION BY ORDER ASC DESC NULLS " +
	"ROWS RANGE UNBOUNDED PRECEDING FOLLOWING CURRENT EXISTS ALL "

// term translates what starts at i of an expression, and returns how many
// tokens that is.
func (t *translator) term(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	k, next := toks[i], token{kind: punct}
	if i+1 < len(toks) {
		next = toks[i+1]
	}
	switch k.kind {
	case str:
		b.WriteString(" " + text(k.val))
		return 1, nil
	case blob:
		b.WriteString(" " + blobText([]byte(k.val)))
		return 1, nil
	case number:
		b.WriteString(" " + k.val)
		return 1, nil
	case param:
		v, err := t.param(k.val)
		b.WriteString(" " + v)
		return 1, err
	case quoted:
		if strings.Contains(k.val, ".") {
			return 0, badQuery("Unrecognized name: `%s`", k.val)
		}
		b.WriteString(" " + ident(k.val))
		return 1, nil
	case punct:
		return t.sign(b, toks, i, names)
	}
	after := i > 0 && toks[i-1].is(".")
	switch {
	case after && !next.is("("):
		b.WriteString(ident(k.val))
		return 1, nil
	case next.kind == str && k.is("DATE", "TIMESTAMP", "DATETIME", "TIME", "NUMERIC", "BIGNUMERIC", "JSON"):
		kd, _ := kindNamed(k.key)
		b.WriteString(" " + castMacro(kd, text(next.val), false))
		return 2, nil
	case k.is("IS") && (next.is("DISTINCT") || next.is("NOT") && i+2 < len(toks) && toks[i+2].is("DISTINCT")):
		n := slices.IndexFunc(toks[i:], func(x token) bool { return x.is("FROM") })
		if n < 0 {
			return 0, unexpected(toks, i+1)
		}
		for _, x := range toks[i : i+n+1] {
			b.WriteString(" " + x.key)
		}
		return n + 1, nil
	case k.is("IN") && next.is("UNNEST"):
		end, err := closing(toks, i+2)
		if err != nil {
			return 0, err
		}
		array, err := t.expression(toks[i+3:end], names)
		fmt.Fprintf(b, " IN (SELECT unnest(%s))", array)
		return end + 1 - i, err
	case k.is("ARRAY", "STRUCT") && next.is("<", "[", "("), k.is("INTERVAL"):
		return t.constructor(b, toks, i, names)
	case next.is("(") && !strings.Contains(passing, " "+k.key+" ") || next.is(".") && k.is("SAFE"):
		return t.call(b, toks, i, names)
	case k.is("CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_DATETIME"):
		b.WriteString(" " + t.clock(k.key))
		return 1, nil
	case k.is("FIRST", "LAST") && i > 0 && toks[i-1].is("NULLS"), k.is("ROW") && i > 0 && toks[i-1].is("CURRENT"),
		strings.Contains(passing, " "+k.key+" "):
		b.WriteString(" " + k.key)
		return 1, nil
	case reserved(k.key):
		return 0, unexpected(toks, i)
	case t.dml && k.is("_PARTITIONDATE"): // only tables that are read have it
		b.WriteString(" CAST(" + ident(ingestion) + " AS DATE)")
		return 1, nil
	}
	if v, ok := t.variables[k.key]; ok && !next.is(".") && !(i > 0 && toks[i-1].is("AS")) {
		b.WriteString(" " + v.value)
		return 1, nil
	}
	b.WriteString(" " + ident(k.val))
	return 1, nil
}

// sign translates punctuation and what it begins.
func (t *translator) sign(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	k := toks[i]
	switch {
	case k.is("("):
		end, err := closing(toks, i)
		if err != nil {
			return 0, err
		}
		var inner string
		if startsQuery(toks[i+1 : end]) {
			inner, err = t.query(toks[i+1:end], names)
		} else if end > i+1 {
			inner, err = t.expression(toks[i+1:end], names)
		}
		b.WriteString(" (" + inner + ")")
		return end + 1 - i, err
	case k.is("[") && i > 0 && (toks[i-1].named() && !strings.Contains(passing, " "+toks[i-1].key+" ") || toks[i-1].is(")", "]")):
		return t.element(b, toks, i, names)
	case k.is("["):
		end, err := closing(toks, i)
		if err != nil {
			return 0, err
		}
		inner := ""
		if end > i+1 {
			inner, err = t.expression(toks[i+1:end], names)
		}
		b.WriteString(" [" + inner + "]")
		return end + 1 - i, err
	case k.is("/"):
		n, err := operand(toks, i+1)
		if err != nil {
			return 0, err
		}
		by, err := t.expression(toks[i+1:n], names)
		b.WriteString(" / bq_nonzero(" + by + ")")
		return n - i, err
	case k.is("."):
		b.WriteString(".")
		return 1, nil
	case k.is("+", "-", "*", ",", "=", "<", ">", "<=", ">=", "<>", "!=", "||"):
		b.WriteString(" " + k.key)
		return 1, nil
	}
	return 0, unexpected(toks, i)
}

// operand is the end of the operand that starts at i.
func operand(toks []token, i int) (int, error) {
	for i < len(toks) && toks[i].is("+", "-") {
		i++
	}
	if i >= len(toks) || toks[i].is("CASE") || toks[i].kind == punct && !toks[i].is("(") {
		return 0, unexpected(toks, i)
	}
	if !toks[i].is("(") {
		i++
	}
	for i < len(toks) {
		switch {
		case toks[i].is("(", "["):
			end, err := closing(toks, i)
			if err != nil {
				return 0, err
			}
			i = end + 1
		case toks[i].is(".") && i+1 < len(toks):
			i += 2
		default:
			return i, nil
		}
	}
	return i, nil
}

// element translates array[SAFE_OFFSET(n)]; the others fail in BigQuery where
// DuckDB says NULL.
func (t *translator) element(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	end, err := closing(toks, i)
	if err != nil {
		return 0, err
	}
	in := toks[i+1 : end]
	if len(in) < 3 || !in[0].is("SAFE_OFFSET", "SAFE_ORDINAL") {
		return 0, badQuery("bigquerytest has array[SAFE_OFFSET(n)] and array[SAFE_ORDINAL(n)] alone")
	}
	place, err := inside(in[1:])
	if err != nil {
		return 0, err
	}
	at, err := t.expression(place, names)
	if in[0].is("SAFE_OFFSET") {
		at += " + 1"
	}
	b.WriteString("[" + at + "]")
	return end + 1 - i, err
}

// constructor translates ARRAY[...], ARRAY<T>[...], ARRAY(query) and STRUCT(...).
func (t *translator) constructor(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	if toks[i].is("INTERVAL") {
		return 0, badQuery("bigquerytest has INTERVAL in the functions that add to times alone")
	}
	j, duck := i+1, ""
	if toks[j].is("<") {
		f, n, err := parseType(toks[i:])
		if err != nil {
			return 0, err
		}
		j, duck = i+n, duckType(f)
	}
	if j >= len(toks) || !toks[j].is("(", "[") {
		return 0, unexpected(toks, j)
	}
	end, err := closing(toks, j)
	if err != nil {
		return 0, err
	}
	list := toks[j+1 : end]
	var v string
	switch {
	case toks[i].is("STRUCT"):
		v, err = t.structure(list, names, duck != "")
	case toks[j].is("("):
		v, err = t.query(list, names)
		v = "ARRAY(" + v + ")"
	case len(list) == 0:
		v = "[]"
	default:
		v, err = t.expression(list, names)
		v = "[" + v + "]"
	}
	if duck != "" {
		v = "CAST(" + v + " AS " + duck + ")"
	}
	b.WriteString(" " + v)
	return end + 1 - i, err
}

func (t *translator) structure(toks []token, names map[string]bool, typed bool) (string, error) {
	var fields []string
	for _, part := range split(toks, ",") {
		name := ""
		if at := find(part, "AS"); at >= 0 && at == len(part)-2 {
			name, part = part[at+1].val, part[:at]
		} else if n := len(part); n > 0 && part[n-1].named() {
			name = part[n-1].val
		}
		v, err := t.expression(part, names)
		if err != nil {
			return "", err
		}
		switch {
		case typed:
			fields = append(fields, v)
		case name == "":
			return "", badQuery("bigquerytest has no STRUCT with fields without names")
		default:
			fields = append(fields, ident(name)+" := "+v)
		}
	}
	if typed {
		return "row(" + strings.Join(fields, ", ") + ")", nil
	}
	return "struct_pack(" + strings.Join(fields, ", ") + ")", nil
}

// parseType reads a type, and returns how many tokens it is.
func parseType(toks []token) (*bq.TableFieldSchema, int, error) {
	if len(toks) == 0 || toks[0].kind != word {
		return nil, 0, unexpected(toks, 0)
	}
	switch {
	case toks[0].is("ARRAY") && len(toks) > 1 && toks[1].is("<"):
		f, n, err := parseType(toks[2:])
		if err != nil || n+2 >= len(toks) || !toks[n+2].is(">") || f.Mode == "REPEATED" {
			return nil, 0, unexpected(toks, min(n+2, len(toks)))
		}
		f.Mode = "REPEATED"
		return f, n + 3, nil
	case toks[0].is("STRUCT") && len(toks) > 1 && toks[1].is("<"):
		return parseStruct(toks)
	}
	k, ok := kindNamed(toks[0].key)
	if !ok || toks[0].is("INTEGER", "FLOAT") {
		return nil, 0, badQuery("Type not found: %s", toks[0].val)
	}
	f := &bq.TableFieldSchema{Type: k.rest, Mode: "NULLABLE"}
	if len(toks) < 2 || !toks[1].is("(") {
		return f, 1, nil
	}
	end, err := closing(toks, 1)
	if err != nil {
		return nil, 0, err
	}
	for i, part := range split(toks[2:end], ",") {
		v := int64(0)
		if len(part) == 1 {
			v, err = strconv.ParseInt(part[0].val, 10, 64)
		}
		switch {
		case v <= 0 && i == 0 || err != nil:
			return nil, 0, unexpected(toks, 2)
		case k.rest == "STRING" || k.rest == "BYTES":
			f.MaxLength = v
		case i == 0:
			f.Precision = v
		default:
			f.Scale = v
		}
	}
	return f, end + 1, nil
}

func parseStruct(toks []token) (*bq.TableFieldSchema, int, error) {
	f := &bq.TableFieldSchema{Type: "RECORD", Mode: "NULLABLE"}
	for n := 2; n+1 < len(toks); {
		if !toks[n].named() {
			break
		}
		sub, m, err := parseType(toks[n+1:])
		if err != nil {
			return nil, 0, err
		}
		sub.Name = toks[n].val
		f.Fields = append(f.Fields, sub)
		n += m + 1
		switch {
		case n < len(toks) && toks[n].is(">"):
			return f, n + 1, nil
		case n < len(toks) && toks[n].is(","):
			n++
		default:
			return nil, 0, unexpected(toks, n)
		}
	}
	return nil, 0, unexpected(toks, len(toks))
}

func blobText(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, `\x%02X`, c)
	}
	return "'" + s.String() + "'::BLOB"
}
