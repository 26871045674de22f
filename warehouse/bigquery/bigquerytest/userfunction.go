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
	names, err := parameterNames(toks[2:end])
	if err != nil {
		return err
	}
	key := strings.ToUpper(toks[0].val)
	if _, taken := s.functions[key]; taken {
		return badQuery("Function %s already exists", toks[0].val)
	}
	expression, err := functionBody(toks[end+1:])
	if err != nil {
		return err
	}
	body, err := s.translator(expression).expression(expression, nil)
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

// parameterNames reads what stands in the brackets behind a function's name.
func parameterNames(toks []token) ([]string, error) {
	var names []string
	if len(toks) == 0 {
		return names, nil
	}
	for {
		if len(toks) < 2 || !toks[0].named() {
			return nil, unexpected(toks, 0)
		}
		_, n, err := parseType(toks[1:])
		if err != nil {
			return nil, err
		}
		names = append(names, ident(toks[0].val))
		if toks = toks[n+1:]; len(toks) == 0 {
			return names, nil
		}
		if !eat(&toks, ",") {
			return nil, unexpected(toks, 0)
		}
	}
}

// functionBody returns the expression of [RETURNS TYPE] AS (expression).
func functionBody(toks []token) ([]token, error) {
	if eat(&toks, "RETURNS") {
		_, n, err := parseType(toks)
		if err != nil {
			return nil, err
		}
		toks = toks[n:]
	}
	if !eat(&toks, "AS") || len(toks) == 0 || !toks[0].is("(") {
		return nil, unexpected(toks, 0)
	}
	end, err := closing(toks, 0)
	if err != nil {
		return nil, err
	}
	if end != len(toks)-1 {
		return nil, unexpected(toks, end+1)
	}
	return toks[1:end], nil
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
