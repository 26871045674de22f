// Package sql holds every SQL statement of tapline: one statement a file, in a
// folder for each dialect. It renders names and literals into them and knows
// no database: callers run the text with their own driver and bind values as
// query parameters.
//
// A statement starts with comment lines that say what it is for, its
// parameters and whether it is idempotent. In the text, text/template actions
// stand for what SQL does not let a parameter be:
//
//	{{ident .Table}}     one quoted name
//	{{idents .Columns}}  quoted names, separated by commas
//	{{text .Path}}       a string literal
//	{{texts .Paths}}     string literals, separated by commas
//
// A new dialect is a new folder and a row in the table of quotings.
package sql

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
)

//go:embed */*.sql
var files embed.FS

// Text returns the statement called name ("receipts" for receipts.sql) of a
// dialect, rendered with data and without its header comment. It fails for an
// unknown statement, for a field that data lacks, and for a name or a literal
// that no quoting makes safe.
func Text(dialect, name string, data any) (string, error) {
	q, ok := quotings()[dialect]
	if !ok {
		return "", fmt.Errorf("sql: unknown dialect %q", dialect)
	}
	raw, err := files.ReadFile(path.Join(dialect, name+".sql"))
	if err != nil {
		return "", fmt.Errorf("sql: %s: no statement %q", dialect, name)
	}
	t, err := template.New(name).Option("missingkey=error").Funcs(q.funcs()).Parse(body(string(raw)))
	if err != nil {
		return "", fmt.Errorf("sql: %s: %w", dialect, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("sql: %s: %w", dialect, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// Names lists the statements of a dialect by name, for those who run all of
// them in order, such as migrations.
func Names(dialect string) ([]string, error) {
	entries, err := fs.ReadDir(files, dialect)
	if err != nil {
		return nil, fmt.Errorf("sql: unknown dialect %q", dialect)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".sql"); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// body is a statement without the comment lines it starts with.
func body(raw string) string {
	for strings.HasPrefix(raw, "--") {
		_, rest, ok := strings.Cut(raw, "\n")
		if !ok {
			return ""
		}
		raw = rest
	}
	return raw
}
