//go:build cgo

package duckdb

import (
	"strings"

	"tapline/warehouse"
)

// patternsOf are patterns that match one part's file each: DuckDB reads *, ?
// and [ in the name of a file as patterns.
func patternsOf(parts []warehouse.LocalPart) []string {
	literal := strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]")
	patterns := make([]string, len(parts))
	for i, p := range parts {
		patterns[i] = literal.Replace(p.Path)
	}
	return patterns
}
