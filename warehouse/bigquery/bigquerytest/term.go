//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"strings"
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

func passes(key string) bool { return strings.Contains(passing, " "+key+" ") }

// term translates what starts at i of an expression, and returns how many
// tokens that is.
func (t *translator) term(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	k, v := toks[i], ""
	var err error
	switch k.kind {
	case str:
		v = text(k.val)
	case blob:
		v = blobText([]byte(k.val))
	case number:
		v = k.val
	case param:
		v, err = t.param(k.val)
	case quoted:
		if strings.Contains(k.val, ".") {
			err = badQuery("Unrecognized name: `%s`", k.val)
		}
		v = ident(k.val)
	case punct:
		return t.sign(b, toks, i, names)
	case word:
		if n, err := t.construct(b, toks, i, names); n > 0 || err != nil {
			return n, err
		}
		v, err = t.plain(toks, i)
	}
	b.WriteString(" " + v)
	return 1, err
}

// construct translates words that begin something longer; 0 = they do not.
func (t *translator) construct(b *strings.Builder, toks []token, i int, names map[string]bool) (int, error) {
	k, next := toks[i], token{kind: punct}
	if i+1 < len(toks) {
		next = toks[i+1]
	}
	switch {
	case i > 0 && toks[i-1].is(".") && !next.is("("):
		return 0, nil // a part of a name, whatever word it is
	case next.kind == str && k.is("DATE", "TIMESTAMP", "DATETIME", "TIME", "NUMERIC", "BIGNUMERIC", "JSON"):
		kd, _ := kindNamed(k.key)
		b.WriteString(" " + castMacro(kd, text(next.val), false))
		return 2, nil
	case k.is("IS"):
		for _, form := range [][]string{{"IS", "DISTINCT", "FROM"}, {"IS", "NOT", "DISTINCT", "FROM"}} {
			if rest := toks[i:]; eat(&rest, form...) {
				b.WriteString(" " + strings.Join(form, " "))
				return len(form), nil
			}
		}
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
	case next.is("(") && !passes(k.key) || next.is(".") && k.is("SAFE"):
		return t.call(b, toks, i, names)
	}
	return 0, nil
}

// plain translates a word that stands for itself: a keyword, a variable, a name.
func (t *translator) plain(toks []token, i int) (string, error) {
	k, before := toks[i], token{kind: punct}
	if i > 0 {
		before = toks[i-1]
	}
	switch {
	case before.is("."):
		return ident(k.val), nil
	case k.is("CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_DATETIME"):
		return t.clock(k.key), nil
	case k.is("FIRST", "LAST") && before.is("NULLS"), k.is("ROW") && before.is("CURRENT"), passes(k.key):
		return k.key, nil
	case reserved(k.key):
		return "", unexpected(toks, i)
	case t.dml && k.is("_PARTITIONDATE"): // only tables that are read have it
		return "CAST(" + ident(ingestion) + " AS DATE)", nil
	}
	if v, ok := t.variables[k.key]; ok && !before.is("AS") && !(i+1 < len(toks) && toks[i+1].is(".")) {
		return v.value, nil
	}
	return ident(k.val), nil
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
	case k.is("[") && i > 0 && (toks[i-1].named() && !passes(toks[i-1].key) || toks[i-1].is(")", "]")):
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

func blobText(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, `\x%02X`, c)
	}
	return "'" + s.String() + "'::BLOB"
}
