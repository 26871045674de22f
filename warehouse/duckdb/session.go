//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"time"

	driverduckdb "github.com/duckdb/duckdb-go/v2"

	taplinesql "tapline/sql"
	"tapline/warehouse"
)

// access is what an operation does with the file, and what it may use.
type access struct {
	readOnly bool
	query    bool  // foreign SQL: no way to other files, and the turn may last
	memory   int64 // bytes; 0 = as much as DuckDB takes by itself
	threads  int
}

// A session is the open file during one operation: one connection.
type session struct {
	w    *Warehouse
	db   *sql.DB
	conn *sql.Conn
}

// errNoFile says that the database file does not exist, for operations that
// only read: nothing was ever loaded.
var errNoFile = errors.New("the database file does not exist yet")

// reading runs f with the file open for reading.
func (w *Warehouse) reading(ctx context.Context, f func(*session) error) error {
	return w.with(ctx, access{readOnly: true, memory: w.cfg.MemoryLimit, threads: w.readThreads()}, f)
}

// readThreads are as many as the memory feeds: a thread wants some 32 MiB.
func (w *Warehouse) readThreads() int {
	return min(w.cfg.Threads, int(max(w.cfg.MemoryLimit>>25, 1)))
}

// with waits for the file, opens it, runs f and closes it.
func (w *Warehouse) with(ctx context.Context, a access, f func(*session) error) (err error) {
	s, err := w.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() {
		// What f wrote is committed, or it failed and said why. Closing only
		// tidies: what is not in the file yet is in its log beside it.
		if cerr := s.close(); cerr != nil && err == nil {
			w.cfg.Log.Warn("closing the database", "path", w.cfg.Path, "err", cerr)
		}
	}()
	return f(s)
}

// open waits for this process' turn and then for other processes.
func (w *Warehouse) open(ctx context.Context, a access) (*session, error) {
	ok, err := w.turn.take(ctx, a.query, w.cfg.LockWait)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%s: a query of this process has it open: %w", w.cfg.Path, warehouse.ErrLocked)
	}
	s, err := w.openUnlocked(ctx, a)
	if err != nil {
		w.turn.give()
		return nil, err
	}
	return s, nil
}

// openUnlocked tries until no other process holds the file, or LockWait is over.
func (w *Warehouse) openUnlocked(ctx context.Context, a access) (*session, error) {
	deadline := time.Now().Add(w.cfg.LockWait)
	for pause := 5 * time.Millisecond; ; pause = min(pause*3/2, 500*time.Millisecond) {
		if a.readOnly {
			if _, err := os.Stat(w.cfg.Path); errors.Is(err, fs.ErrNotExist) {
				return nil, errNoFile
			}
		}
		s, err := w.connect(ctx, a)
		if err == nil {
			return s, nil
		}
		if !isLocked(err) {
			return nil, w.explain(ctx, err)
		}
		if time.Until(deadline) <= 0 {
			return nil, lockedError(w.cfg.Path, w.cfg.LockWait, err)
		}
		timer := time.NewTimer(min(pause, time.Until(deadline)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// connect opens the file and one connection.
func (w *Warehouse) connect(ctx context.Context, a access) (*session, error) {
	c, err := driverduckdb.NewConnector(w.cfg.Path+"?"+w.settings(a).Encode(), func(e driver.ExecerContext) error {
		// Instants look the same in every session, whatever the machine's zone is.
		_, err := e.ExecContext(ctx, "SET TimeZone = 'UTC'", nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	var connector driver.Connector = c
	if w.cfg.Wrap != nil {
		connector = w.cfg.Wrap(c)
	}
	// The driver's own Close lets go of the file; a wrapper may lack it.
	db := sql.OpenDB(closing{connector, c})
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &session{w: w, db: db, conn: conn}, nil
}

// closing is a connector that closes the driver's connector with the pool.
type closing struct {
	driver.Connector
	inner *driverduckdb.Connector
}

func (c closing) Close() error { return c.inner.Close() }

func (w *Warehouse) settings(a access) url.Values {
	v := url.Values{
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"threads":                      {strconv.Itoa(max(a.threads, 1))},
	}
	if a.memory > 0 {
		v.Set("memory_limit", strconv.FormatInt(a.memory, 10)+"B")
	}
	if a.readOnly {
		v.Set("access_mode", "READ_ONLY")
	} else {
		// Rows carry their place; keeping their order costs half the speed.
		v.Set("preserve_insertion_order", "false")
	}
	if a.query {
		v.Set("enable_external_access", "false")
	}
	if w.cfg.TempDir != "" {
		v.Set("temp_directory", w.cfg.TempDir)
	}
	return v
}

func (s *session) close() error {
	defer s.w.turn.give()
	return errors.Join(s.conn.Close(), s.db.Close())
}

// exec runs the statement called name and returns how many rows it changed.
func (s *session) exec(ctx context.Context, name string, data any, args ...any) (int64, error) {
	text, err := taplinesql.Text("duckdb", name, data)
	if err != nil {
		return 0, err
	}
	res, err := s.conn.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, s.w.explain(ctx, err)
	}
	return res.RowsAffected()
}

// row runs the statement called name, which returns one row.
func (s *session) row(ctx context.Context, name string, data any, args []any, dest ...any) error {
	found, err := s.rows(ctx, name, data, args, dest, func() error { return nil })
	if err == nil && found == 0 {
		return sql.ErrNoRows
	}
	return err
}

// rows runs the statement called name, scans each row into dest, calls each,
// and returns how many rows there were.
func (s *session) rows(ctx context.Context, name string, data any, args, dest []any, each func() error) (int, error) {
	text, err := taplinesql.Text("duckdb", name, data)
	if err != nil {
		return 0, err
	}
	rows, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return 0, s.w.explain(ctx, err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return n, s.w.explain(ctx, err)
		}
		n++
		if err := each(); err != nil {
			return n, err
		}
	}
	if err := rows.Err(); err != nil {
		return n, s.w.explain(ctx, err)
	}
	return n, nil
}
