//go:build cgo

package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	driverduckdb "github.com/duckdb/duckdb-go/v2"

	taplinesql "tapline/sql"
	"tapline/warehouse"
)

// An engine is a running DuckDB with no file open. Starting one takes ten times
// as long as opening a file on it, so a Warehouse keeps its engine between
// operations. It holds no lock and next to no memory then.
type engine struct {
	connector *driverduckdb.Connector
	settings  map[string]string // by statement: the text that ran last
}

// set lets the engine use what the session may. What is set already is not set
// again: a new memory limit alone takes as long as opening the file.
func (e *engine) set(ctx context.Context, s *session) error {
	for name, data := range map[string]any{
		"set_memory":  map[string]any{"Memory": s.access.memory},
		"set_threads": map[string]any{"Threads": max(s.access.threads, 1)},
		"set_order":   map[string]any{"Keep": s.access.query},
	} {
		text, err := taplinesql.Text("duckdb", name, data)
		if err != nil {
			return err
		}
		if e.settings[name] == text {
			continue
		}
		if _, err := s.conn.ExecContext(ctx, text); err != nil {
			return err
		}
		e.settings[name] = text
	}
	return nil
}

// startEngine starts a DuckDB that loads no extensions and has an empty
// database in memory.
func (w *Warehouse) startEngine() (*engine, error) {
	leanMalloc()
	zone, err := taplinesql.Text("duckdb", "set_zone", nil)
	if err != nil {
		return nil, err
	}
	v := url.Values{
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"temp_directory":               {w.tempDir()},
		// Between loads that follow each other the log may grow; the file is
		// tidied when it is closed.
		"checkpoint_threshold": {"256MB"},
	}
	c, err := driverduckdb.NewConnector("?"+v.Encode(), func(e driver.ExecerContext) error {
		_, err := e.ExecContext(context.Background(), zone, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &engine{connector: c, settings: make(map[string]string)}, nil
}

// connector is the engine as database/sql sees it, and as a test wraps it.
// Closing a pool does not close the engine.
func (w *Warehouse) connector(e *engine) driver.Connector {
	var c driver.Connector = lasting{e.connector}
	if w.cfg.Wrap != nil {
		c = w.cfg.Wrap(c)
	}
	return c
}

// lasting hides Close from database/sql.
type lasting struct{ driver.Connector }

// tempPrefix starts the names of temporary folders; the process id follows, so
// that processes that read at the same time do not meet.
func (w *Warehouse) tempPrefix() string {
	dir := w.cfg.TempDir
	if dir == "" {
		dir = filepath.Dir(w.cfg.Path)
	}
	return filepath.Join(dir, filepath.Base(w.cfg.Path)+".tmp-")
}

// tempDir is where DuckDB writes what does not fit in memory. DuckDB makes it
// when it needs it and removes it when the engine ends.
func (w *Warehouse) tempDir() string { return fmt.Sprint(w.tempPrefix(), os.Getpid()) }

// sweepTemp removes the temporary folders that killed processes left. It may be
// called only while no other process can have the file open.
func (w *Warehouse) sweepTemp() error {
	if w.cfg.TempDir != "" {
		return nil // another file of the same name may use it
	}
	dir, prefix := filepath.Split(w.tempPrefix())
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && e.IsDir() {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// Close ends the engine. The Warehouse can be used again afterwards, and starts
// another.
func (w *Warehouse) Close() error {
	ok, err := w.turn.take(context.Background(), false, w.cfg.LockWait)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("duckdb: close: a query is not ended: %w", warehouse.ErrLocked)
	}
	defer w.turn.give()
	err = w.turn.idle.shut()
	if w.engine == nil {
		return err
	}
	err = errors.Join(err, w.engine.connector.Close())
	w.engine = nil
	return err
}
