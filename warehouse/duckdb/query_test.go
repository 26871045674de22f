//go:build cgo

package duckdb

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// Types beyond the six come as text, and narrower ones of the six as those.
func TestQueryTypes(t *testing.T) {
	w := open(t, Config{Path: filepath.Join(t.TempDir(), "bi.duckdb")})
	prepare(t, w)
	for _, c := range []struct{ expr, kind, want string }{
		{"TRUE", "bool", "true"},
		{"1::TINYINT", "int64", "1"},
		{"(-7)::INTEGER", "int64", "-7"},
		{"4294967295::UINTEGER", "int64", "4294967295"},
		{"18446744073709551615::UBIGINT", "utf8", "18446744073709551615"},
		{"sum(9223372036854775807::BIGINT * 2::HUGEINT)", "utf8", "18446744073709551614"},
		{"1.5::FLOAT", "float64", "1.5"},
		{"1.50::DECIMAL(18,2)", "utf8", "1.5"},
		{"DATE '2026-03-29'", "date32", "2026-03-29"},
		{"TIMESTAMP '2026-03-29 01:02:03.456789'", "timestamp[us, tz=UTC]", "2026-03-29 01:02:03.456789Z"},
		{"TIMESTAMPTZ '2026-03-29 01:02:03+02'", "timestamp[us, tz=UTC]", "2026-03-28 23:02:03Z"},
		{"'a\nb'", "utf8", "a\nb"},
		{"TIME '01:02:03.5'", "utf8", "01:02:03.5"},
		{"'\\xAB'::BLOB", "utf8", "ab"},
		{"'123e4567-e89b-12d3-a456-426614174000'::UUID", "utf8", "123e4567-e89b-12d3-a456-426614174000"},
		{"[1, NULL, 3]", "utf8", "[1,null,3]"},
		{"{'a': 1, 'b': ['x', NULL]}", "utf8", `{"a":1,"b":["x",null]}`},
		{"MAP {'k': 1}", "utf8", `{"k":1}`},
		{"MAP {1: [2.50::DECIMAL(9,2)]}", "utf8", `{"1":[2.5]}`},
		{"[123::HUGEINT]", "utf8", `[123]`},
		{"['nan'::DOUBLE, 0.5]", "utf8", `["NaN",0.5]`},
		{"INTERVAL 1 MONTH", "utf8", `{"days":0,"months":1,"micros":0}`},
		{"'x'::ENUM('x', 'y')", "utf8", "x"},
		{"NULL", "", "(null)"},
		{"NULL::DECIMAL(9,2)", "utf8", "(null)"},
	} {
		for rec, err := range w.Query(t.Context(), "SELECT "+c.expr) {
			if err != nil {
				t.Errorf("%s: %v", c.expr, err)
				break
			}
			kind, have := rec.Schema().Field(0).Type.String(), rec.Column(0).ValueStr(0)
			if _, ok := rec.Column(0).(*array.String); !ok {
				have = strings.TrimSpace(have)
			}
			if have != c.want || c.kind != "" && kind != c.kind {
				t.Errorf("%s = %s %q, want %s %q", c.expr, kind, have, c.kind, c.want)
			}
		}
	}
}

// Foreign SQL gets parameters, and no way to other files or settings.
func TestQueryConfined(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb")})
	prepare(t, w)
	for rec, err := range w.Query(t.Context(), "SELECT $1::BIGINT + 1, upper($2)", int64(41), "it's") {
		if err != nil {
			t.Fatal(err)
		}
		if have := fmt.Sprint(rec.Column(0), rec.Column(1)); have != `[42] ["IT'S"]` {
			t.Errorf("parameters give %s", have)
		}
	}
	for _, text := range []string{
		"COPY (SELECT 1) TO '" + filepath.Join(dir, "out.csv") + "'",
		"SELECT * FROM read_text('" + w.cfg.Path + "')",
		"ATTACH '" + filepath.Join(dir, "other.duckdb") + "'",
		"SET enable_external_access = true",
		"SET memory_limit = '100GB'",
		"INSTALL httpfs",
		"DROP TABLE t",
		"SELECT 1; DELETE FROM t",
	} {
		failed := false
		for _, err := range w.Query(t.Context(), text) {
			failed = failed || err != nil
		}
		if !failed {
			t.Errorf("%s: no error", text)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 || err != nil {
		t.Errorf("files = %v, %v", left, err)
	}
}
