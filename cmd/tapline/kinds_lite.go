//go:build noduckdb || !cgo

package main

import (
	"fmt"

	"tapline/config"
	"tapline/warehouse"
)

// lite says that this build has no DuckDB.
const lite = true

func duckdbVersion() string { return "" }

func duckdbKind() warehouseKind {
	return warehouseKind{duckdbSection{}, func(c config.Connection, _ warehouseOptions) (warehouse.Warehouse, error) {
		return nil, fmt.Errorf("connection %s: DuckDB is %w: this is tapline-lite; "+
			"get the full tapline, or build it where gcc is: CGO_ENABLED=1 go build ./cmd/tapline", c.Name, errKind)
	}, placeOfDuckDB, duckdbTypes(), false}
}
