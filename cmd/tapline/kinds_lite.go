//go:build noduckdb

package main

import (
	"fmt"

	"tapline/config"
	"tapline/warehouse"
)

// lite says that this build has no DuckDB.
const lite = true

func duckdbVersion() string { return "" }

// liteDuckDB takes the keys of the real one, so that a configuration is checked
// in the same way.
type liteDuckDB struct {
	Path     string `yaml:"path" required:"true" path:"true" doc:"the database file"`
	Snapshot string `yaml:"snapshot" path:"true" doc:"a copy for readers, published after each run"`
	LockWait string `yaml:"lock_wait" doc:"how long to wait for another program that holds the file"`
}

func duckdbKind() warehouseKind {
	return warehouseKind{liteDuckDB{}, func(c config.Connection, _ warehouseOptions) (warehouse.Warehouse, error) {
		return nil, fmt.Errorf("connection %s: %w: this is tapline-lite, which was built without DuckDB; "+
			"get the full tapline, or build it where gcc is: CGO_ENABLED=1 go build ./cmd/tapline", c.Name, errKind)
	}}
}
