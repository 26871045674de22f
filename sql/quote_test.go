package sql

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for _, c := range []struct{ dialect, name, want string }{
		{"duckdb", "plain", `"plain"`},
		{"duckdb", `a"b`, `"a""b"`},
		{"duckdb", `"; drop table x; --`, `"""; drop table x; --"`},
		{"postgres", `select`, `"select"`},
		{"state", `ü\n`, `"ü\n"`},
		{"bigquery", "a`b\\c", "`a\\`b\\\\c`"},
		{"bigquery", "a\nb", "`a\\nb`"},
		{"duckdb", "a\x00b", "\"a\uFFFDb\""},
		{"duckdb", "a\xffb", "\"a\uFFFDb\""},
		{"nowhere", `a"b`, `"a""b"`},
	} {
		if got := Quote(c.dialect, c.name); got != c.want {
			t.Errorf("Quote(%s, %q) = %s, want %s", c.dialect, c.name, got, c.want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for _, c := range []struct{ dialect, value, want string }{
		{"duckdb", `it's\`, `'it''s\'`},
		{"duckdb", "", `''`},
		{"bigquery", `it's\`, `'it\'s\\'`},
	} {
		got, err := checked(c.value, quotings()[c.dialect].text)
		if err != nil || got != c.want {
			t.Errorf("%s literal of %q = %s, %v; want %s", c.dialect, c.value, got, err, c.want)
		}
	}
}

func TestTextRefuses(t *testing.T) {
	for _, c := range []struct {
		dialect, name string
		data          any
		want          string
	}{
		{"nowhere", "add_column", nil, "unknown dialect"},
		{"duckdb", "nothing", nil, `no statement "nothing"`},
		{"duckdb", "../quote", nil, "no statement"},
		{"duckdb", "add_column", map[string]any{"Table": "t"}, "Column"},
		{"duckdb", "add_column", map[string]any{"Table": "t\x00", "Column": "c", "Type": "BIGINT"}, "NUL"},
		{"duckdb", "add_column", map[string]any{"Table": "t", "Column": "\xff", "Type": "BIGINT"}, "UTF-8"},
		{"duckdb", "add_column", map[string]any{"Table": "", "Column": "c", "Type": "BIGINT"}, "empty"},
	} {
		_, err := Text(c.dialect, c.name, c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Text(%s, %s) error = %v, want one with %q", c.dialect, c.name, err, c.want)
		}
	}
}

// Every statement says what it is for, what it takes and whether it may be repeated.
func TestHeaders(t *testing.T) {
	for dialect := range quotings() {
		names, err := Names(dialect)
		if err != nil {
			continue // a dialect that has no statements yet
		}
		for _, name := range names {
			raw, err := files.ReadFile(dialect + "/" + name + ".sql")
			if err != nil {
				t.Fatal(err)
			}
			head := strings.TrimSuffix(string(raw), body(string(raw)))
			for _, want := range []string{"-- Purpose: ", "-- Parameters: ", "-- Idempotent: "} {
				if !strings.Contains(head, want) {
					t.Errorf("%s/%s.sql: the header lacks %q", dialect, name, want)
				}
			}
		}
	}
}
