// Package postgres keeps tables in a schema of a PostgreSQL database.
//
// Rows go in by binary COPY, straight from the Arrow buffers of the parts. Every
// Load is one transaction: rows, removal of the slice's older revision,
// quarantine and receipt. Loads into one table take turns by an advisory lock
// that ends with the transaction, and nothing is kept in a session, so that
// PgBouncer may pool transactions.
//
// Types: bool boolean, int64 bigint, float64 double precision, utf8 text, date32
// date, timestamp timestamptz. A table that a user made may have numeric, json,
// jsonb and varchar columns, which are described as utf8: no digit is lost on the
// way. Names are of 63 bytes at most, and a table has 1,600 columns at most.
//
// The role needs USAGE and CREATE on the schema (or CREATE on the database, to make
// the schema), TEMPORARY on the database, and owns the tables that it made. For
// tables that others made it needs SELECT, INSERT, UPDATE and DELETE; to add
// columns to them, it has to own them. Readers need USAGE on the schema and SELECT.
//
// Facts about PostgreSQL are those of its documentation, versions 12 to 18, read
// on 2026-11-22: "COPY", "Binary Format"; "Frontend/Backend Protocol"; "Error
// Codes"; "Limits".
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tapline/warehouse"
)

// A Config says where the database is. URL is required.
type Config struct {
	// URL is postgres://user:password@host:5432/database, with options such as
	// sslmode=verify-full. It is a secret and stands in no error.
	URL string
	// Schema of the tables. It is made when it does not exist. "" = public.
	Schema string
	// Partition makes new tables partitioned by day, month or year, by the column
	// that Table.Partition names. "" = not at all. Tables that exist stay as they
	// are, and get their next partitions in the unit that they have.
	Partition Unit
	// MaxConns is how many connections are open at most. 0 = 4.
	MaxConns int
	// LockWait is how long to wait for a lock that another session holds. 0 = 2 min.
	LockWait time.Duration
	// TempDir is for parts that are not on this machine. "" = the system's.
	TempDir string
	// Log gets what goes wrong without failing anything. Nil = none.
	Log *slog.Logger
	// Now is the clock of receipts. Nil = time.Now.
	Now func() time.Time
	// Dial connects. Nil = the network's own.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Warehouse is a schema of a database. It is safe for concurrent use.
type Warehouse struct {
	cfg   Config
	pool  *pool
	turns turns
	made  sync.Mutex  // making tapline's own tables
	ready atomic.Bool // they are there
}

var (
	_ warehouse.Warehouse  = (*Warehouse)(nil)
	_ warehouse.Querier    = (*Warehouse)(nil)
	_ warehouse.Verifier   = (*Warehouse)(nil)
	_ warehouse.Quarantine = (*Warehouse)(nil)
	_ warehouse.Files      = (*Warehouse)(nil)
	_ warehouse.Viewer     = (*Warehouse)(nil)
	_ warehouse.Checker    = (*Warehouse)(nil)
)

// Defaults of Config.
const (
	defaultConns    = 4
	defaultLockWait = 2 * time.Minute
)

// New returns the Warehouse of a schema. It connects when there is something to
// do; the error is about cfg.
func New(_ context.Context, cfg Config) (*Warehouse, error) {
	if cfg.URL == "" {
		return nil, errors.New("postgres: url: is empty; write postgres://user:password@host:5432/database")
	}
	conn, err := pgconn.ParseConfig(cfg.URL)
	if err != nil { // its text may show parts of the password
		return nil, errors.New("postgres: url: cannot be read; write postgres://user:password@host:5432/database, " +
			"with special characters of the password percent-encoded")
	}
	if cfg.Dial != nil {
		conn.DialFunc = cfg.Dial
	}
	if cfg.Schema == "" {
		cfg.Schema = "public"
	}
	if err := checkName(cfg.Schema); err != nil {
		return nil, fmt.Errorf("postgres: schema: %w", err)
	}
	if cfg.Partition != "" && !slices.Contains(units(), cfg.Partition) {
		return nil, fmt.Errorf("postgres: partition: %q: want day, month or year", cfg.Partition)
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = defaultConns
	}
	if cfg.LockWait <= 0 {
		cfg.LockWait = defaultLockWait
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Warehouse{cfg: cfg, pool: newPool(conn, cfg.MaxConns)}, nil
}

// Close closes the connections. Operations that run are not waited for; their
// connections are closed when they end.
func (w *Warehouse) Close() error {
	w.pool.close()
	return nil
}

// now is the time of a receipt, as precise as the database keeps it.
func (w *Warehouse) now() time.Time { return warehouse.Micros(w.cfg.Now()) }
