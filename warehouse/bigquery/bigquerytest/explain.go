//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"errors"
	"regexp"
	"strings"
)

// explain says what DuckDB says in the words and reasons of BigQuery, as far
// as clients act on them.
func explain(err error) error {
	if err == nil || errors.As(err, new(*problem)) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	message := strings.TrimSpace(err.Error())
	lowered := strings.ToLower(message)
	has := func(words string) bool { return strings.Contains(lowered, words) }
	if told, ok := strings.CutPrefix(message, "Invalid Input Error: "); ok { // ERROR() of the query
		return badQuery("%s", told)
	}
	switch {
	case has("not null constraint failed"):
		return invalid("Required field %s cannot be null", lastName(message))
	case has("transactioncontext error"), has("transaction conflict"), has("conflict on"):
		return aborted("", "")
	case has("out of memory"):
		return refuse(400, "resourcesExceeded", "Resources exceeded during query execution: %s", message)
	}
	return badQuery("%s", message)
}

// aborted is what BigQuery says to the later of two transactions that change a table.
func aborted(table, by string) error {
	where := ""
	if table != "" {
		where = " against table " + table
	}
	if by != "" {
		where += ". Transaction ID: " + by
	}
	return invalid("Transaction is aborted due to concurrent update%s", where)
}

// lastName is the column in "NOT NULL constraint failed: t.column".
func lastName(message string) string {
	m := regexp.MustCompile(`failed: [^\s]*?\.?([A-Za-z_0-9]+)\s*$`).FindStringSubmatch(message)
	if m == nil {
		return message
	}
	return m[1]
}

func lower(s string) string { return strings.ToLower(s) }
