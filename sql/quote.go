package sql

import (
	"fmt"
	"strings"
	"text/template"
	"unicode/utf8"
)

// A quoting is how a dialect writes names and string literals.
type quoting struct {
	ident func(string) string
	text  func(string) string
}

// quotings says how each dialect quotes. The state database is SQLite or
// PostgreSQL, which agree.
func quotings() map[string]quoting {
	standard := quoting{ident: doubled('"'), text: doubled('\'')}
	return map[string]quoting{
		"duckdb":   standard,
		"postgres": standard,
		"state":    standard,
		"bigquery": {ident: escaped('`'), text: escaped('\'')},
	}
}

// Quote returns name as the dialect quotes an identifier. A NUL, which no
// database takes in a name, becomes U+FFFD, as do bytes that are not UTF-8;
// Text refuses both. An unknown dialect is quoted as standard SQL.
func Quote(dialect, name string) string {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", "\uFFFD"), "\uFFFD")
	if q, ok := quotings()[dialect]; ok {
		return q.ident(name)
	}
	return doubled('"')(name)
}

func (q quoting) funcs() template.FuncMap {
	ident := func(s string) (string, error) {
		if s == "" {
			return "", fmt.Errorf("a name is empty")
		}
		return checked(s, q.ident)
	}
	text := func(s string) (string, error) { return checked(s, q.text) }
	return template.FuncMap{
		"ident":  ident,
		"idents": func(names []string) (string, error) { return joined(names, ident) },
		"text":   text,
		"texts":  func(values []string) (string, error) { return joined(values, text) },
	}
}

// checked quotes s unless it holds what ends a string early in C code (NUL) or
// what databases read in ways of their own (bytes that are not UTF-8).
func checked(s string, quote func(string) string) (string, error) {
	if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		return "", fmt.Errorf("%q cannot stand in SQL: it holds NUL or is not UTF-8", s)
	}
	return quote(s), nil
}

func joined(list []string, quote func(string) (string, error)) (string, error) {
	quoted := make([]string, len(list))
	for i, s := range list {
		q, err := quote(s)
		if err != nil {
			return "", err
		}
		quoted[i] = q
	}
	return strings.Join(quoted, ", "), nil
}

// doubled quotes by doubling the quote, and takes nothing else as special.
func doubled(quote byte) func(string) string {
	q := string(quote)
	return func(s string) string { return q + strings.ReplaceAll(s, q, q+q) + q }
}

// escaped quotes with backslashes, as BigQuery reads them; a line break would
// end the literal.
func escaped(quote byte) func(string) string {
	q := string(quote)
	r := strings.NewReplacer(`\`, `\\`, q, `\`+q, "\n", `\n`, "\r", `\r`)
	return func(s string) string { return q + r.Replace(s) + q }
}
