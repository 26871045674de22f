//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"tapline/config"
	"tapline/warehouse"
	"tapline/warehouse/duckdb"
)

// lite says that this build has no DuckDB.
const lite = false

func duckdbKind() warehouseKind {
	return warehouseKind{duckdbSection{}, openDuckDB, placeOfDuckDB, duckdbTypes(), false}
}

func openDuckDB(c config.Connection, o warehouseOptions) (warehouse.Warehouse, error) {
	var s duckdbSection
	if err := c.Decode(&s); err != nil {
		return nil, err
	}
	if s.LockWait == 0 {
		s.LockWait = o.settings.LockWait
	}
	w, err := duckdb.New(duckdb.Config{
		Path: s.Path, Snapshot: s.Snapshot, LockWait: s.LockWait, MemoryLimit: int64(s.Memory),
		Threads: s.Threads, TempDir: s.TempDir, Log: o.log, Wrap: faultyConnector,
	})
	if err != nil {
		return nil, c.Errorf("", "%v", err)
	}
	return w, nil
}

// duckdbVersion is told by the version of the library that links it: its
// v2.10505.0 holds DuckDB 1.5.5.
func duckdbVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path != "github.com/duckdb/duckdb-go/v2" {
			continue
		}
		parts := strings.Split(m.Version, ".")
		if n, err := strconv.Atoi(parts[min(1, len(parts)-1)]); err == nil && n >= 10000 {
			return fmt.Sprintf("v%d.%d.%d", n/10000, n/100%100, n%100)
		}
		return m.Version
	}
	return "unknown"
}
