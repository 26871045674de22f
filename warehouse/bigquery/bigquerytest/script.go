//go:build cgo && !noduckdb

package bigquerytest

import (
	"errors"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// run runs a statement or a script.
func (s *session) run(query string) error {
	toks, err := tokens(query)
	if err != nil {
		return err
	}
	s.text, s.result = query, &result{}
	if err := s.block(toks); err != nil {
		return err
	}
	if s.statements == 0 {
		return badQuery("Syntax error: Unexpected end of statement")
	}
	return nil
}

// block runs statements in turn.
func (s *session) block(toks []token) error {
	for len(toks) > 0 {
		if toks[0].is(";") {
			toks = toks[1:]
			continue
		}
		n, err := s.one(toks)
		if err != nil {
			return err
		}
		toks = toks[n:]
	}
	return nil
}

// one runs the statement at the start, and returns how many tokens it is.
func (s *session) one(toks []token) (int, error) {
	s.statements++
	next := token{kind: punct}
	if len(toks) > 1 {
		next = toks[1]
	}
	switch {
	case toks[0].is("IF"):
		return s.branch(toks)
	case toks[0].is("BEGIN") && !next.is("TRANSACTION", ";") && len(toks) > 1:
		return s.guarded(toks)
	}
	n := find(toks, ";")
	if n < 0 {
		n = len(toks)
	}
	st := toks[:n]
	switch {
	case st[0].is("BEGIN"):
		s.kind = "BEGIN_TRANSACTION"
		return n, s.begin()
	case st[0].is("COMMIT", "ROLLBACK") && (n == 1 || n == 2 && st[1].is("TRANSACTION")):
		s.kind = st[0].key + "_TRANSACTION"
		return n, s.finish(st[0].key)
	case st[0].is("DECLARE"):
		return n, s.declare(st[1:])
	case st[0].is("SET"):
		return n, s.assign(st[1:])
	case st[0].is("RAISE"):
		return n, s.raise(st[1:])
	case st[0].is("ASSERT"):
		return n, s.assert(st[1:])
	}
	defer s.release()
	return n, s.statement(st)
}

// declare makes variables: names, a type or a default, or both.
func (s *session) declare(toks []token) error {
	s.kind = "DECLARE"
	i := 0
	var names []string
	for i < len(toks) && toks[i].named() {
		names = append(names, strings.ToUpper(toks[i].val))
		if i++; i < len(toks) && toks[i].is(",") {
			i++
			continue
		}
		break
	}
	if len(names) == 0 || i >= len(toks) {
		return unexpected(toks, i)
	}
	v := &variable{}
	if !toks[i].is("DEFAULT") {
		f, n, err := parseType(toks[i:])
		if err != nil {
			return err
		}
		v.field, v.duck = f, duckType(f)
		v.value = "CAST(NULL AS " + v.duck + ")"
		i += n
	}
	for _, name := range names {
		if _, exists := s.variables[name]; exists {
			return badQuery("Variable '%s' redeclaration", name)
		}
		s.variables[name] = v
	}
	if i == len(toks) {
		return nil
	}
	if !toks[i].is("DEFAULT") {
		return unexpected(toks, i)
	}
	for _, name := range names {
		if err := s.store(name, toks[i+1:]); err != nil {
			return err
		}
	}
	return nil
}

// store gives a variable the value of an expression, in the variable's type.
func (s *session) store(name string, toks []token) error {
	have := s.variables[name]
	v, err := s.value(toks)
	if err != nil {
		return err
	}
	if have.duck != "" && have.duck != v.duck {
		if !coerces(v.field, have.field) && !strings.HasPrefix(v.value, "CAST(NULL") {
			return badQuery("Cannot coerce expression to type %s: it is %s", have.field.Type, v.field.Type)
		}
		v = &variable{duck: have.duck, field: have.field, value: "CAST(" + v.value + " AS " + have.duck + ")"}
	}
	s.variables[name] = v
	return nil
}

func (s *session) assign(toks []token) error {
	s.kind = "SET"
	if len(toks) < 3 || !toks[0].named() || !toks[1].is("=") {
		return unexpected(toks, 0)
	}
	name := strings.ToUpper(toks[0].val)
	if _, ok := s.variables[name]; !ok {
		return badQuery("Undeclared variable: %s", toks[0].val)
	}
	return s.store(name, toks[2:])
}

func (s *session) raise(toks []token) error {
	s.kind = "RAISE"
	message := s.raised
	if len(toks) > 0 {
		if len(toks) < 4 || !toks[0].is("USING") || !toks[1].is("MESSAGE") || !toks[2].is("=") {
			return unexpected(toks, 0)
		}
		var err error
		if message, err = s.words(toks[3:]); err != nil {
			return err
		}
	}
	if s.dry {
		return nil
	}
	return badQuery("%s", message)
}

func (s *session) assert(toks []token) error {
	s.kind = "ASSERT"
	message := "Assertion failed"
	if n := len(toks); n > 2 && toks[n-2].is("AS") && toks[n-1].kind == str {
		message += ": " + toks[n-1].val
		toks = toks[:n-2]
	}
	ok, err := s.truth(toks)
	if err == nil && !ok && !s.dry {
		err = badQuery("%s", message)
	}
	return err
}

// blockEnd is the place of the END of the block that begins at 0, and of its
// ELSEIF, ELSE and EXCEPTION.
func blockEnd(toks []token) (end int, marks []int, err error) {
	depth, cases := 0, 0
	for i, t := range toks {
		starts := i == 0 || toks[i-1].is(";", "THEN", "ELSE", "BEGIN") && cases == 0
		next := token{kind: punct}
		if i+1 < len(toks) {
			next = toks[i+1]
		}
		switch {
		case t.is("CASE"):
			cases++
		case t.is("END") && cases > 0:
			cases--
		case starts && (t.is("IF") || t.is("BEGIN") && !next.is("TRANSACTION", ";")):
			depth++
		case t.is("END"):
			if depth--; depth == 0 {
				return i, marks, nil
			}
		case depth == 1 && cases == 0 && t.is("ELSEIF", "ELSE", "EXCEPTION"):
			marks = append(marks, i)
		}
	}
	return 0, nil, badQuery("Syntax error: Expected END but got end of script")
}

// branch runs IF ... THEN ... [ELSEIF ... THEN ...] [ELSE ...] END IF.
func (s *session) branch(toks []token) (int, error) {
	end, marks, err := blockEnd(toks)
	if err != nil {
		return 0, err
	}
	if end+1 >= len(toks) || !toks[end+1].is("IF") {
		return 0, unexpected(toks, end+1)
	}
	starts := append(append([]int{0}, marks...), end)
	for i, at := range starts[:len(starts)-1] {
		part := toks[at+1 : starts[i+1]]
		taken := toks[at].is("ELSE")
		if !taken {
			then := find(part, "THEN")
			if then < 0 {
				return 0, unexpected(part, len(part))
			}
			if taken, err = s.truth(part[:then]); err != nil {
				return 0, err
			}
			part = part[then+1:]
		}
		if taken {
			return end + 2, s.block(part)
		}
	}
	return end + 2, nil
}

// guarded runs BEGIN ... [EXCEPTION WHEN ERROR THEN ...] END.
func (s *session) guarded(toks []token) (int, error) {
	end, marks, err := blockEnd(toks)
	if err != nil {
		return 0, err
	}
	if len(marks) == 0 {
		return end + 1, s.block(toks[1:end])
	}
	at := marks[0]
	if len(marks) > 1 || at+3 >= end || !toks[at+1].is("WHEN") || !toks[at+2].is("ERROR") || !toks[at+3].is("THEN") {
		return 0, unexpected(toks, at+1)
	}
	err = s.block(toks[1:at])
	var p *problem
	if err == nil || !errors.As(err, &p) {
		return end + 1, err
	}
	s.raised = p.message
	return end + 1, s.block(toks[at+4 : end])
}

// rowCount is @@row_count: how many rows the last DML statement changed.
func (s *session) rowCount() string {
	d := s.result.dml
	if d == nil {
		d = &bq.DmlStatistics{}
	}
	return "CAST(" + strconv.FormatInt(d.InsertedRowCount+d.UpdatedRowCount+d.DeletedRowCount, 10) + " AS BIGINT)"
}
