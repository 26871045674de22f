//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// A userFunction is one that a script has made for itself. DuckDB has it as a
// macro, whose parameters are expressions too.
type userFunction struct {
	macro string
	args  int
}

// createFunction runs CREATE TEMP FUNCTION name(parameter TYPE, ...) [RETURNS
// TYPE] AS (expression), from behind the word FUNCTION.
func (s *session) createFunction(toks []token) error {
	s.kind = "CREATE_FUNCTION"
	if len(toks) < 3 || !toks[0].named() || !toks[1].is("(") {
		return unexpected(toks, 0)
	}
	end, err := closing(toks, 1)
	if err != nil {
		return err
	}
	var names []string
	if end > 2 {
		for _, part := range split(toks[2:end], ",") {
			if len(part) < 2 || !part[0].named() {
				return unexpected(part, 0)
			}
			_, n, err := parseType(part[1:])
			if err != nil {
				return err
			}
			if n != len(part)-1 {
				return unexpected(part, n+1)
			}
			names = append(names, ident(part[0].val))
		}
	}
	key, rest := strings.ToUpper(toks[0].val), toks[end+1:]
	if eat(&rest, "RETURNS") {
		_, n, err := parseType(rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	if !eat(&rest, "AS") || len(rest) == 0 || !rest[0].is("(") {
		return unexpected(rest, 0)
	}
	if end, err = closing(rest, 0); err != nil {
		return err
	}
	if end != len(rest)-1 {
		return unexpected(rest, end+1)
	}
	if _, taken := s.functions[key]; taken {
		return badQuery("Function %s already exists", toks[0].val)
	}
	body, err := s.translator(rest).expression(rest[1:end], nil)
	if err != nil {
		return err
	}
	f := userFunction{s.server.name("user_function_"), len(names)}
	if len(names) == 1 {
		// DuckDB writes a macro's argument wherever the parameter is, so that calls
		// within calls would grow without end; a lambda's is written once.
		body = fmt.Sprintf("list_transform([argument_], lambda %s: (%s))[1]", names[0], body)
		names = []string{"argument_"}
	}
	if _, err := s.conn.ExecContext(s.ctx, fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS (%s)", f.macro, strings.Join(names, ", "), body)); err != nil {
		return explain(err)
	}
	if s.functions == nil {
		s.functions = map[string]userFunction{}
	}
	s.functions[key] = f
	return nil
}

// callUser is a call of a function that the script has made.
func (t *translator) callUser(name string, f userFunction, values []string) (string, error) {
	if len(values) != f.args {
		return "", badQuery("No matching signature for function %s with %d arguments", name, len(values))
	}
	return f.macro + "(" + strings.Join(values, ", ") + ")", nil
}

// forgetFunctions removes what createFunction made: the connection goes back to
// the pool.
func (s *session) forgetFunctions(ctx context.Context) {
	for _, f := range s.functions {
		_, _ = s.conn.ExecContext(ctx, "DROP MACRO IF EXISTS "+f.macro)
	}
}

// formatNumber translates FORMAT('%.14e', x): one number, in one form that is a
// literal.
func (t *translator) formatNumber(args []token, names map[string]bool) (string, error) {
	parts := split(args, ",")
	if len(parts) != 2 || len(parts[0]) != 1 || parts[0][0].kind != str || !isNumberForm(parts[0][0].val) {
		return "", badQuery("bigquerytest has FORMAT('%%.14e', number) alone")
	}
	v, err := t.expression(parts[1], names)
	return "printf(" + text(parts[0][0].val) + ", " + v + ")", err
}

func isNumberForm(s string) bool {
	digits, ok := strings.CutPrefix(s, "%.")
	digits, exponent := strings.CutSuffix(digits, "e")
	n, err := strconv.Atoi(digits)
	return ok && exponent && err == nil && n >= 0 && n < 20
}
