package main

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite" // the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tapline/sql"
)

// dialect is the folder of the history's statements in package sql.
const dialect = "state"

var (
	errState      = errors.New("run history")
	errStateNewer = errors.New("written by a newer tapline")
)

// A history remembers runs for people, in a file of its own. Nothing depends on
// it: without it no row is lost or doubled, and it may be deleted at any time.
type history struct {
	db  *stdsql.DB
	now func() time.Time
}

// openHistory opens the file, makes it when it is not there, and brings it to
// the newest form. Errors: errStateNewer, errState, errUnwritable.
func openHistory(ctx context.Context, path string) (*history, error) {
	if strings.Contains(path, "://") {
		return nil, fmt.Errorf("%w: %s: this build keeps it in a file only", errState, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w: %w", errState, errUnwritable, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would make it readable for all
	if err != nil {
		return nil, fmt.Errorf("%w: %w: %w", errState, errUnwritable, err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("%w: %w", errState, err)
	}
	dsn := url.URL{Scheme: "file", Path: path, OmitHost: true, RawQuery: url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := stdsql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errState, path, err)
	}
	db.SetMaxOpenConns(1)
	h := &history{db: db, now: time.Now}
	if err := patiently(ctx, h.migrate); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", errState, path, err), db.Close())
	}
	return h, nil
}

func (h *history) close() error { return h.db.Close() }

// patience is how long opening the file waits for other processes.
const patience = 10 * time.Second

// patiently calls do again while the file is locked. SQLite does not always
// wait by itself: where two connections make the write-ahead log of a new file,
// one of them fails at once, whatever its busy_timeout.
func patiently(ctx context.Context, do func(context.Context) error) error {
	for start := time.Now(); ; {
		err := do(ctx)
		locked, ok := errors.AsType[*sqlite.Error](err)
		if !ok || locked.Code()&0xff != sqlite3.SQLITE_BUSY || time.Since(start) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(20 * time.Millisecond)):
		}
	}
}

// migrate applies the migrations that the file has not had, in one transaction
// that other processes wait for.
func (h *history) migrate(ctx context.Context) (err error) {
	names, err := sql.Names(dialect)
	if err != nil {
		return err
	}
	var migrations []string
	for _, n := range names { // sorted
		if n[0] >= '0' && n[0] <= '9' {
			migrations = append(migrations, n)
		}
	}
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	version, err := userVersion(ctx, tx)
	if err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("%w: form %d, this one knows %d", errStateNewer, version, len(migrations))
	}
	if version == len(migrations) {
		return tx.Rollback()
	}
	for _, m := range migrations[version:] {
		if err := execute(ctx, tx, m, nil); err != nil {
			return err
		}
	}
	if err := execute(ctx, tx, "set_user_version", map[string]int{"Version": len(migrations)}); err != nil {
		return err
	}
	return tx.Commit()
}

func userVersion(ctx context.Context, tx *stdsql.Tx) (version int, err error) {
	text, err := sql.Text(dialect, "user_version", nil)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, text).Scan(&version)
	return version, err
}

// An executor is a database or a transaction of it.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error)
}

func execute(ctx context.Context, on executor, statement string, data any, args ...any) error {
	text, err := sql.Text(dialect, statement, data)
	if err != nil {
		return err
	}
	if _, err := on.ExecContext(ctx, text, args...); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
