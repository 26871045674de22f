//go:build cgo

// Package duckdb keeps tables in a DuckDB file, for BI tools that read the file
// or a copy of it.
//
// The file is open only while an operation works: it is opened, used and closed
// again, so that others can read it in between. DuckDB lets one process write
// or many read; whoever comes second waits for Config.LockWait. Every Load is
// one transaction, which also writes its receipt.
//
// Types: bool BOOLEAN, int64 BIGINT, float64 DOUBLE, utf8 VARCHAR, date32 DATE,
// timestamp TIMESTAMP WITH TIME ZONE. A timestamp is an instant; which local
// time a reader shows is its own setting (SET TimeZone, by DuckDB's icu
// extension). The views need no extension.
//
// The package needs cgo and downloads nothing: DuckDB's own loading of
// extensions is off.
package duckdb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"tapline/warehouse"
)

// A Config says where the database is and what it may use. Path is required.
type Config struct {
	// Path of the database file. It is created when it does not exist; its
	// folder is not.
	Path string
	// Snapshot is where Publish puts a copy that readers may keep open. "" =
	// Publish does nothing.
	Snapshot string
	// LockWait is how long to wait while another process holds the file. 0 = 30 s.
	LockWait time.Duration
	// MemoryLimit bounds DuckDB's buffers, in bytes. 0 = 160 MiB. A Load into
	// a table of many columns takes more where DuckDB cannot do with less:
	// about 1 MiB a column.
	MemoryLimit int64
	// Threads of DuckDB. 0 = one for each processor; a Load takes as many of
	// them as its memory allows.
	Threads int
	// TempDir is for what does not fit in memory, and for parts that are not
	// on this machine. "" = a folder beside the file, and the system's.
	TempDir string
	// Log gets what goes wrong after a commit. Nil = none.
	Log *slog.Logger
	// Now is the clock of receipts. Nil = time.Now.
	Now func() time.Time
	// Wrap stands between database/sql and DuckDB, so that a test can let
	// calls fail. Nil = nothing between.
	Wrap func(driver.Connector) driver.Connector
}

// A Warehouse is a DuckDB file. It is safe for concurrent use: all operations of
// a process on one file take turns.
type Warehouse struct {
	cfg    Config
	turn   *turn
	engine *engine // nil = not running; who has the turn has it
}

var (
	_ warehouse.Warehouse  = (*Warehouse)(nil)
	_ warehouse.Querier    = (*Warehouse)(nil)
	_ warehouse.Verifier   = (*Warehouse)(nil)
	_ warehouse.Quarantine = (*Warehouse)(nil)
	_ warehouse.Publisher  = (*Warehouse)(nil)
	_ warehouse.Checker    = (*Warehouse)(nil)
	_ warehouse.Files      = (*Warehouse)(nil)
	_ warehouse.Viewer     = (*Warehouse)(nil)
)

// Defaults of Config.
const (
	defaultLockWait = 30 * time.Second
	defaultMemory   = 160 << 20
)

// New returns the Warehouse of a file. It opens nothing yet; the error is about
// cfg.
func New(cfg Config) (*Warehouse, error) {
	if cfg.Path == "" {
		return nil, errors.New("duckdb: path: is empty; name the database file, such as bi.duckdb")
	}
	var err error
	if cfg.Path, err = filepath.Abs(cfg.Path); err != nil {
		return nil, fmt.Errorf("duckdb: path: %w", err)
	}
	if cfg.Snapshot != "" {
		if cfg.Snapshot, err = filepath.Abs(cfg.Snapshot); err != nil {
			return nil, fmt.Errorf("duckdb: snapshot: %w", err)
		}
		if cfg.Snapshot == cfg.Path {
			return nil, fmt.Errorf("duckdb: snapshot: %s is the database itself; name another file", cfg.Path)
		}
	}
	if cfg.LockWait == 0 {
		cfg.LockWait = defaultLockWait
	}
	if cfg.MemoryLimit == 0 {
		cfg.MemoryLimit = defaultMemory
	}
	if cfg.Threads == 0 {
		cfg.Threads = runtime.NumCPU()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Warehouse{cfg: cfg, turn: turnOf(cfg.Path)}, nil
}

// now is the time of a receipt, as precise as the database keeps it.
func (w *Warehouse) now() time.Time { return warehouse.Micros(w.cfg.Now()) }
