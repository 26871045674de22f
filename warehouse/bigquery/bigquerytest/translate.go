//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"strings"
)

// A translator makes a query of GoogleSQL one of DuckDB. It knows the words
// that it translates; anything else is refused.
type translator struct {
	*session
	tables []*table // that the statement names
	pseudo bool     // the statement names _PARTITIONTIME or _PARTITIONDATE
	dml    bool     // of the statement's own target
	depth  int      // of views
}

func (s *session) translator(toks []token) *translator {
	t := &translator{session: s}
	for _, k := range toks {
		t.pseudo = t.pseudo || k.named() && strings.HasPrefix(strings.ToUpper(k.val), "_PARTITION")
	}
	return t
}

// A frame is one SELECT.
type frame struct {
	clause  string // SELECT, FROM, ON, WHERE, ...
	wants   bool   // a table comes next
	names   map[string]bool
	tables  []*table // that need a filter
	filters map[string]bool
}

// check refuses a frame in which a table is read whole that must not be.
func (f *frame) check() error {
	for _, t := range f.tables {
		column := t.meta.TimePartitioning.Field
		pseudo := column == "" && (f.filters["_PARTITIONTIME"] || f.filters["_PARTITIONDATE"])
		if !pseudo && !f.filters[strings.ToUpper(column)] {
			return needsFilter(t)
		}
	}
	return nil
}

func needsFilter(t *table) error {
	column := t.meta.TimePartitioning.Field
	if column == "" {
		column = "_PARTITIONTIME', '_PARTITIONDATE"
	}
	return badQuery("Cannot query over table '%s' without a filter over column(s) '%s' that can be used for partition elimination",
		dotted(t.meta.TableReference), column)
}

// filtered notes the words of a filter.
func (f *frame) filtered(toks ...token) {
	if f.clause != "WHERE" && f.clause != "ON" {
		return
	}
	for _, t := range toks {
		if t.named() {
			f.filters[strings.ToUpper(t.val)] = true
		}
	}
}

func startsQuery(toks []token) bool {
	for _, t := range toks {
		if !t.is("(") {
			return t.is("SELECT", "WITH")
		}
	}
	return false
}

// query translates a query. Names are those of the WITH clauses around it.
func (t *translator) query(toks []token, names map[string]bool) (string, error) {
	var b strings.Builder
	f := &frame{names: names, filters: map[string]bool{}}
	if len(toks) > 0 && toks[0].is("WITH") {
		rest, err := t.with(&b, toks[1:], f)
		if err != nil {
			return "", err
		}
		toks = rest
	}
	if !startsQuery(toks) {
		return "", unexpected(toks, 0)
	}
	for i := 0; i < len(toks); {
		n, err := t.step(&b, toks, i, f)
		if err != nil {
			return "", err
		}
		i += n
	}
	return b.String(), f.check()
}

func unexpected(toks []token, i int) error {
	if i >= len(toks) {
		return badQuery("Syntax error: Unexpected end of statement")
	}
	return badQuery("Syntax error: Unexpected %q (or bigquerytest does not understand it; see its package comment)", toks[i].val)
}

// with translates the queries of a WITH clause and returns what follows.
func (t *translator) with(b *strings.Builder, toks []token, f *frame) ([]token, error) {
	b.WriteString("WITH ")
	f.names = copyOf(f.names)
	recursive := len(toks) > 0 && toks[0].is("RECURSIVE")
	if recursive {
		b.WriteString("RECURSIVE ")
		toks = toks[1:]
	}
	for {
		if len(toks) < 4 || !toks[0].named() || !toks[1].is("AS") || !toks[2].is("(") {
			return nil, unexpected(toks, 0)
		}
		end, err := closing(toks, 2)
		if err != nil {
			return nil, err
		}
		name := toks[0].val
		if recursive {
			f.names[strings.ToUpper(name)] = true
		}
		inner, err := t.query(toks[3:end], f.names)
		if err != nil {
			return nil, err
		}
		f.names[strings.ToUpper(name)] = true
		fmt.Fprintf(b, "%s AS (%s)", ident(name), inner)
		toks = toks[end+1:]
		if len(toks) == 0 || !toks[0].is(",") {
			b.WriteString(" ")
			return toks, nil
		}
		b.WriteString(", ")
		toks = toks[1:]
	}
}

func copyOf(m map[string]bool) map[string]bool {
	c := make(map[string]bool, len(m)+1)
	for k := range m {
		c[k] = true
	}
	return c
}

// step translates what starts at i, and returns how many tokens that is.
func (t *translator) step(b *strings.Builder, toks []token, i int, f *frame) (int, error) {
	k := toks[i]
	next := func(n int) token {
		if i+n < len(toks) {
			return toks[i+n]
		}
		return token{kind: punct}
	}
	if f.wants && (k.named() || k.is("(")) && !k.is("SELECT") {
		return t.item(b, toks[i:], f)
	}
	switch {
	case k.is("UNION", "INTERSECT", "EXCEPT") && next(1).is("ALL", "DISTINCT"):
		if err := f.check(); err != nil {
			return 0, err
		}
		f.clause, f.wants, f.tables, f.filters = "", false, nil, map[string]bool{}
		b.WriteString(" " + k.key + map[string]string{"ALL": " ALL ", "DISTINCT": " "}[next(1).key])
		return 2, nil
	case k.is("SELECT") && next(1).is("AS"):
		return 0, badQuery("SELECT AS %s is not served by bigquerytest", next(2).val)
	case k.is("SELECT", "FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "ON"):
		f.clause, f.wants = k.key, k.is("FROM")
		b.WriteString(" " + k.key + " ")
		return 1, nil
	case k.is("JOIN"):
		f.clause, f.wants = "FROM", true
		b.WriteString(" JOIN ")
		return 1, nil
	case k.is(",") && (f.clause == "FROM" || f.clause == "ON"):
		f.clause, f.wants = "FROM", true
		b.WriteString(", ")
		return 1, nil
	case k.is("CROSS", "INNER", "LEFT", "RIGHT", "FULL", "OUTER") && (f.clause == "FROM" || f.clause == "ON") && !next(1).is("("):
		b.WriteString(" " + k.key)
		return 1, nil
	case k.is("USING") && next(1).is("(") && f.clause == "FROM":
		b.WriteString(" USING ")
		return 1, nil
	case k.is("OFFSET") && f.clause == "LIMIT":
		b.WriteString(" OFFSET ")
		return 1, nil
	case k.is("ROLLUP") && f.clause == "GROUP":
		b.WriteString(" ROLLUP")
		return 1, nil
	}
	if f.clause == "SELECT" && k.is("*") && i > 0 && toks[i-1].is("SELECT", "DISTINCT", "ALL", ",", ".") {
		return t.star(b, toks, i, f)
	}
	n, err := t.term(b, toks, i, f.names)
	if err == nil {
		f.filtered(toks[i : i+n]...)
	}
	return n, err
}

// star translates * with its EXCEPT and REPLACE. Columns that BigQuery hides
// are left out.
func (t *translator) star(b *strings.Builder, toks []token, i int, f *frame) (int, error) {
	rest := toks[i+1:]
	if t.pseudo {
		if i > 0 && toks[i-1].is(".") || len(rest) > 0 && rest[0].is("EXCEPT", "REPLACE") && len(rest) > 1 && rest[1].is("(") {
			return 0, badQuery("bigquerytest has no qualified or changed * in a query with _PARTITIONTIME or _PARTITIONDATE")
		}
		b.WriteString("COLUMNS(c -> c NOT IN ('_PARTITIONTIME', '_PARTITIONDATE'))")
		return 1, nil
	}
	b.WriteString("*")
	n := 1
	for len(rest) > 1 && rest[0].is("EXCEPT", "REPLACE") && rest[1].is("(") {
		end, err := closing(rest, 1)
		if err != nil {
			return 0, err
		}
		inner, err := t.expression(rest[2:end], f.names)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(b, " %s (%s)", map[string]string{"EXCEPT": "EXCLUDE", "REPLACE": "REPLACE"}[rest[0].key], inner)
		rest, n = rest[end+1:], n+end+1
	}
	return n, nil
}

// expression translates a list of expressions, or one.
func (t *translator) expression(toks []token, names map[string]bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(toks); {
		n, err := t.term(&b, toks, i, names)
		if err != nil {
			return "", err
		}
		i += n
	}
	if b.Len() == 0 {
		return "", badQuery("Syntax error: an expression is missing")
	}
	return strings.TrimSpace(b.String()), nil
}
