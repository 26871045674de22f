package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// oneSelect returns the SQL without a semicolon at its end, when it is one
// statement that may be a SELECT. What else is wrong with it the database says.
func oneSelect(text string, google bool) (string, error) {
	tokens := lexSQL(text, google)
	end := slices.IndexFunc(tokens, func(t sqlToken) bool { return t.is(";") })
	switch {
	case len(tokens) == 0 || end == 0:
		return "", errors.New("has no SQL")
	case end > 0 && slices.ContainsFunc(tokens[end:], func(t sqlToken) bool { return !t.is(";") }):
		return "", errors.New("holds more than one statement")
	}
	begins := []string{"SELECT", "WITH", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "DESCRIBE", "SUMMARIZE", "("}
	if !slices.ContainsFunc(begins, tokens[0].is) {
		return "", fmt.Errorf("starts with %q, and a view is a SELECT", tokens[0].text)
	}
	if end > 0 {
		text = text[:tokens[end].at]
	}
	return text, nil
}

// relations finds the names, in lower case and without what qualifies them, of
// the tables and views that a query reads: those where a relation stands, and
// none that the query defines itself (WITH). True says that the name stood
// there once without a qualifier. It understands no more SQL than that takes,
// and errs towards finding too many.
func relations(text string, google bool) map[string]bool {
	w := relationWalk{tokens: lexSQL(text, google), google: google, found: map[string]bool{}, with: map[string]bool{}}
	w.frames = []sqlFrame{{first: true}}
	for w.i < len(w.tokens) {
		w.step()
	}
	return w.found
}

// A sqlFrame is what lies between two parentheses, or all of it.
type sqlFrame struct {
	first   bool // nothing has been seen in it
	selects bool // a SELECT began: FROM is its clause
	list    bool // in a FROM: after a comma comes a relation
	expect  bool // a relation comes next
	with    bool // a WITH began
	opener  string
	defines string // the name that WITH gives to what is in the frame
	closed  string // the opener of the frame that just ended in this one
}

type relationWalk struct {
	tokens []sqlToken
	i      int
	google bool
	frames []sqlFrame
	found  map[string]bool
	with   map[string]bool // names that WITH has defined so far
	// recursive says that such a name is known within its own definition.
	recursive bool
}

// token is the one n places further on; an empty one beyond the ends.
func (w *relationWalk) token(n int) sqlToken {
	if at := w.i + n; at >= 0 && at < len(w.tokens) {
		return w.tokens[at]
	}
	return sqlToken{}
}

// step reads a token, or a name of several.
func (w *relationWalk) step() {
	f, t := &w.frames[len(w.frames)-1], w.token(0)
	first := f.first
	f.first = false
	switch {
	case t.is("("):
		w.open(f)
	case t.is(")"):
		w.close()
	case t.is(","):
		f.expect = f.list
	case t.kind == sqlWord && w.keyword(f, strings.ToUpper(t.text), first):
	case f.expect && (t.kind == sqlWord || t.kind == sqlQuoted):
		w.relation(f)
		return
	}
	w.i++
}

func (w *relationWalk) open(f *sqlFrame) {
	inner := sqlFrame{first: true, expect: f.expect, list: f.expect}
	if before := w.token(-1); before.kind == sqlWord || before.kind == sqlQuoted {
		inner.opener = strings.ToLower(before.text)
	}
	if f.with {
		inner.defines = w.defined(f)
	}
	if inner.defines != "" && w.recursive {
		w.with[inner.defines] = true
	}
	f.expect = false
	w.frames = append(w.frames, inner)
}

// defined is the name before "AS (", "(columns) AS (" and "AS MATERIALIZED (".
func (w *relationWalk) defined(f *sqlFrame) string {
	back := -1
	for w.token(back).is("MATERIALIZED") || w.token(back).is("NOT") {
		back--
	}
	name := w.token(back - 1)
	switch {
	case !w.token(back).is("AS"):
		return ""
	case name.is(")"):
		return f.closed
	case name.kind == sqlWord || name.kind == sqlQuoted:
		return strings.ToLower(name.text)
	}
	return ""
}

func (w *relationWalk) close() {
	if len(w.frames) == 1 {
		return
	}
	done := w.frames[len(w.frames)-1]
	w.frames = w.frames[:len(w.frames)-1]
	w.frames[len(w.frames)-1].closed = done.opener
	if done.defines != "" {
		w.with[done.defines] = true
	}
}

// keyword changes what is expected in the frame. It reports false for a word
// that means nothing here and may be a name.
func (w *relationWalk) keyword(f *sqlFrame, word string, first bool) bool {
	switch word {
	case "SELECT":
		f.selects, f.list, f.expect = true, false, false
	case "FROM":
		if before := w.token(-1); f.selects && !(before.is("DISTINCT") && (w.token(-2).is("IS") || w.token(-2).is("NOT"))) ||
			first || f.with && before.is(")") || before.is("UNION") || before.is("ALL") || before.is("NAME") {
			f.list, f.expect = true, true
		}
	case "JOIN":
		f.expect = f.list
	case "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW", "QUALIFY", "UNION", "INTERSECT", "EXCEPT", "VALUES":
		f.list, f.expect = false, false
	case "WITH":
		if f.expect || !f.list { // not WITH ORDINALITY, WITH OFFSET
			f.with, f.expect, f.list = true, false, false
		}
	case "RECURSIVE":
		w.recursive = w.recursive || f.with
		return f.with
	case "PIVOT", "UNPIVOT", "TABLE", "DESCRIBE", "SUMMARIZE":
		f.expect = f.expect || first
		return first
	case "LATERAL", "ONLY":
	default:
		return false
	}
	return true
}

// relation reads a name of one or more parts, and keeps the last of them unless
// it is that of a function.
func (w *relationWalk) relation(f *sqlFrame) {
	f.expect = false
	name, parts := w.token(0), 1
	w.i++
	for w.token(0).is(".") || w.google && w.token(0).is("-") {
		if next := w.token(1); next.kind != sqlWord && next.kind != sqlQuoted && next.kind != sqlNumber {
			break
		}
		name, parts = w.token(1), parts+1
		w.i += 2
	}
	last := strings.ToLower(name.text)
	if w.google && name.kind == sqlQuoted {
		last = last[strings.LastIndexByte(last, '.')+1:]
	}
	bare := parts == 1 && last == strings.ToLower(name.text)
	if w.token(0).is("(") || bare && w.with[last] {
		return
	}
	w.found[last] = w.found[last] || bare
}
