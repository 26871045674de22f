//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// A kind is one scalar type: its names in the REST API and in GoogleSQL, and
// what holds it in DuckDB.
type kind struct{ rest, sql, duck string }

// kinds are the scalar types. BIGNUMERIC has 38 digits here where BigQuery has 76.
func kinds() []kind {
	return []kind{
		{"STRING", "STRING", "VARCHAR"}, {"BYTES", "BYTES", "BLOB"}, {"INTEGER", "INT64", "BIGINT"},
		{"FLOAT", "FLOAT64", "DOUBLE"}, {"BOOLEAN", "BOOL", "BOOLEAN"}, {"TIMESTAMP", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"},
		{"DATE", "DATE", "DATE"}, {"TIME", "TIME", "TIME"}, {"DATETIME", "DATETIME", "TIMESTAMP"},
		{"NUMERIC", "NUMERIC", "DECIMAL(38,9)"}, {"BIGNUMERIC", "BIGNUMERIC", "DECIMAL(38,18)"}, {"JSON", "JSON", "JSON"},
	}
}

// kindNamed finds a scalar type by either of its names, and by the other names
// that the service takes.
func kindNamed(name string) (kind, bool) {
	name = strings.ToUpper(name)
	switch name {
	case "INT", "SMALLINT", "BIGINT", "TINYINT", "BYTEINT":
		name = "INT64"
	case "DECIMAL":
		name = "NUMERIC"
	case "BIGDECIMAL":
		name = "BIGNUMERIC"
	}
	for _, k := range kinds() {
		if k.rest == name || k.sql == name {
			return k, true
		}
	}
	return kind{}, false
}

// isRecord reports whether a REST type is a struct.
func isRecord(t string) bool { return t == "RECORD" || t == "STRUCT" }

// normalize checks fields as they come in a request and gives types and modes
// the names under which the service gives them back.
func normalize(fields []*bq.TableFieldSchema, depth int) error {
	return normalizeNamed(fields, depth, checkColumn)
}

// normalizeNamed is normalize, with names that check lets pass.
func normalizeNamed(fields []*bq.TableFieldSchema, depth int, check func(name string) error) error {
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if err := check(f.Name); err != nil {
			return err
		}
		folded := strings.ToLower(f.Name)
		if seen[folded] {
			return invalid("Duplicate field name: %s. Field names are case insensitive.", f.Name)
		}
		seen[folded] = true
		if len(f.Description) > 1024 {
			return invalid("Description of field %s is too long; at most 1024 characters", f.Name)
		}
		f.Type, f.Mode = strings.ToUpper(f.Type), strings.ToUpper(f.Mode)
		switch f.Mode {
		case "":
			f.Mode = "NULLABLE"
		case "NULLABLE", "REQUIRED", "REPEATED":
		default:
			return invalid("Invalid value for mode: %s is not a valid value", f.Mode)
		}
		if isRecord(f.Type) {
			f.Type = "RECORD"
			if len(f.Fields) == 0 {
				return invalid("Field %s is type RECORD but has no schema", f.Name)
			}
			if depth >= 15 {
				return invalid("Field %s is nested more than 15 levels deep", f.Name)
			}
			if err := normalizeNamed(f.Fields, depth+1, check); err != nil {
				return err
			}
			continue
		}
		k, ok := kindNamed(f.Type)
		if !ok {
			return invalid("Invalid value for type: %s is not a valid value", f.Type)
		}
		f.Type = k.rest
	}
	return nil
}

// plainName reports whether a column may have the name while flexible names are off.
func plainName(name string) bool {
	for i, c := range name {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= 300
}

// checkColumn refuses what BigQuery does not take as a column's name.
func checkColumn(name string) error {
	if !plainName(name) {
		return invalid("Invalid field name %q. Fields must contain only letters, numbers, and underscores, "+
			"start with a letter or underscore, and be at most 300 characters long.", name)
	}
	return reservedColumn(name)
}

// reservedColumn refuses names that begin as those of BigQuery's own columns.
func reservedColumn(name string) error {
	upper := strings.ToUpper(name)
	for _, prefix := range []string{
		"_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER",
		"_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TYPE", "_CHANGE_TIMESTAMP",
	} {
		if strings.HasPrefix(upper, prefix) {
			return invalid("Invalid field name %q. Field names are not allowed to start with the (case-insensitive) prefix %s.", name, prefix)
		}
	}
	return nil
}

// leaves counts columns as the limit of 10,000 does: nested ones too.
func leaves(fields []*bq.TableFieldSchema) int {
	n := 0
	for _, f := range fields {
		n += 1 + leaves(f.Fields)
	}
	return n
}

// duckType is the type of DuckDB that holds the field.
func duckType(f *bq.TableFieldSchema) string {
	t := ""
	if isRecord(f.Type) {
		parts := make([]string, len(f.Fields))
		for i, sub := range f.Fields {
			parts[i] = ident(sub.Name) + " " + duckType(sub)
		}
		t = "STRUCT(" + strings.Join(parts, ", ") + ")"
	} else {
		k, _ := kindNamed(f.Type)
		t = k.duck
		if f.Precision > 0 && strings.HasPrefix(t, "DECIMAL") {
			t = fmt.Sprintf("DECIMAL(%d,%d)", f.Precision, f.Scale)
		}
	}
	if f.Mode == "REPEATED" {
		t += "[]"
	}
	return t
}

// ident quotes a name for DuckDB.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// text quotes a string for DuckDB.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// fieldOf is the BigQuery column that a DuckDB result column becomes.
func fieldOf(name, duck string) (*bq.TableFieldSchema, error) {
	f := &bq.TableFieldSchema{Name: name, Mode: "NULLABLE"}
	if inner, ok := strings.CutSuffix(duck, "[]"); ok {
		sub, err := fieldOf(name, inner)
		if err != nil {
			return nil, err
		}
		if sub.Mode == "REPEATED" {
			return nil, badQuery("Cannot construct array with element type ARRAY because nested arrays are not supported")
		}
		sub.Mode = "REPEATED"
		return sub, nil
	}
	if inner, ok := strings.CutPrefix(duck, "STRUCT("); ok {
		f.Type = "RECORD"
		for _, part := range splitTop(strings.TrimSuffix(inner, ")")) {
			sub, t := splitField(part)
			child, err := fieldOf(sub, t)
			if err != nil {
				return nil, err
			}
			f.Fields = append(f.Fields, child)
		}
		return f, nil
	}
	t, ok := restType(duck)
	if !ok {
		return nil, badQuery("column %s: this server has no BigQuery type for %s", name, duck)
	}
	f.Type = t
	return f, nil
}

// restType is the REST name for a scalar type of DuckDB.
func restType(duck string) (string, bool) {
	for _, k := range kinds() {
		if k.duck == duck {
			return k.rest, true
		}
	}
	switch duck {
	case "TINYINT", "SMALLINT", "INTEGER", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", `"NULL"`, "NULL":
		return "INTEGER", true
	case "FLOAT":
		return "FLOAT", true
	}
	if rest, ok := strings.CutPrefix(duck, "DECIMAL("); ok {
		var p, s int
		if _, err := fmt.Sscanf(rest, "%d,%d)", &p, &s); err == nil && s > 9 {
			return "BIGNUMERIC", true
		}
		return "NUMERIC", true
	}
	return "", false
}

// splitTop splits the inside of a type's parentheses at its commas.
func splitTop(s string) []string {
	var parts []string
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

// splitField splits `name TYPE` and `"a name" TYPE`.
func splitField(s string) (name, duck string) {
	if !strings.HasPrefix(s, `"`) {
		name, duck, _ = strings.Cut(s, " ")
		return name, duck
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], `""`, `"`), strings.TrimSpace(s[i+1:])
	}
	return s, ""
}
