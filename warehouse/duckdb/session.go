//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

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
	w      *Warehouse
	engine *engine
	access access
	db     *sql.DB
	conn   *sql.Conn
	begun  bool // a transaction is open
	wrote  bool // a transaction was committed
	// copied is our own descriptor of the file. Closing it lets go of all locks
	// that the process has on the file, so it is closed after DuckDB's and
	// before the next operation of the process opens the file.
	copied *os.File

	changes int // statements that changed something, or could have

	opened time.Time
	more   bool // another load is about to come: the file may stay open for it
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
		failed := err != nil && !errors.Is(err, errUnchanged)
		if !failed && s.rest() {
			return
		}
		if cerr := s.close(failed); cerr != nil && err == nil {
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
	if s := w.resume(ctx, a); s != nil {
		return s, nil
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
			return nil, w.explainOpen(ctx, err)
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

// connect opens the file on the Warehouse's engine, or for foreign SQL on one of
// its own, whose settings cannot be turned back.
func (w *Warehouse) connect(ctx context.Context, a access) (*session, error) {
	e := w.engine
	if e == nil || a.query {
		var err error
		if e, err = w.startEngine(); err != nil {
			return nil, err
		}
		if !a.query {
			w.engine = e
		}
	}
	s := &session{w: w, engine: e, access: a, opened: time.Now()}
	err := s.attach(ctx)
	if err == nil {
		return s, nil
	}
	// The engine is good for another try when only the file is taken.
	return nil, errors.Join(err, s.end(isLocked(err) && !a.query))
}

func (s *session) attach(ctx context.Context) error {
	s.db = sql.OpenDB(s.w.connector(s.engine))
	s.db.SetMaxOpenConns(1)
	var err error
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	if err := s.engine.set(ctx, s); err != nil {
		return err
	}
	if err := s.run(ctx, "attach", map[string]any{"Path": s.w.cfg.Path, "ReadOnly": s.access.readOnly}); err != nil {
		return err
	}
	if err := s.run(ctx, "use", nil); err != nil {
		return err
	}
	if s.access.query {
		// What foreign SQL may do is settled before it comes.
		return errors.Join(s.run(ctx, "set_inside", nil), s.run(ctx, "set_locked", nil))
	}
	if !s.access.readOnly {
		if err := s.w.sweepTemp(); err != nil {
			s.w.cfg.Log.Warn("removing temporary files", "path", s.w.cfg.Path, "err", err)
		}
	}
	return nil
}

// close closes the file and gives the turn away. After a failure, or when the operation wrote temporary
// files, the engine goes too, and all that it may still hold with it.
func (s *session) close(failed bool) error {
	defer s.w.turn.give()
	return s.shut(failed)
}

// shut is close without the turn.
func (s *session) shut(failed bool) error {
	if s.copied != nil {
		defer s.copied.Close() // it was only read
	}
	if failed || s.access.query {
		return s.end(false)
	}
	err := s.detach(context.Background())
	_, statErr := os.Stat(s.w.tempDir())
	return errors.Join(err, s.end(err == nil && errors.Is(statErr, fs.ErrNotExist)))
}

// detach closes the file on an engine that goes on. The context of the operation
// may be over, and the file has to be closed all the same.
func (s *session) detach(ctx context.Context) error {
	var errs []error
	if s.begun {
		errs = append(errs, s.run(ctx, "rollback", nil))
	}
	if s.wrote {
		// Closing would do this as well, and take ten times as long.
		errs = append(errs, s.run(ctx, "checkpoint", nil))
	}
	for _, name := range []string{"leave", "detach"} {
		errs = append(errs, s.run(ctx, name, nil))
	}
	return errors.Join(errs...)
}

// end closes the connection, and the engine unless it is kept.
func (s *session) end(keep bool) error {
	var errs []error
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	errs = append(errs, s.db.Close())
	if !keep {
		errs = append(errs, s.engine.connector.Close())
		if s.w.engine == s.engine {
			s.w.engine = nil
		}
	}
	return errors.Join(errs...)
}

// run runs a statement without parameters and gives the driver's own error.
func (s *session) run(ctx context.Context, name string, data any) error {
	text, err := taplinesql.Text("duckdb", name, data)
	if err != nil {
		return err
	}
	_, err = s.conn.ExecContext(ctx, text)
	return err
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
	s.changes++
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
