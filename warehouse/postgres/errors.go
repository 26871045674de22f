package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"tapline/warehouse"
)

// state returns the SQLSTATE of a server's error, "" for any other.
func state(err error) string {
	if e := serverError(err); e != nil {
		return e.Code
	}
	return ""
}

// serverError is what the server said, nil = the error is not the server's.
func serverError(err error) *pgconn.PgError {
	var e *pgconn.PgError
	errors.As(err, &e)
	return e
}

// isLost reports whether the connection is no more, so that another may do.
func isLost(err error) bool {
	switch code := state(err); {
	case strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "08"):
		return true
	case code != "":
		return false
	}
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.As(err, &network) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// where names the database, without the role and its password.
func (w *Warehouse) where() string {
	c := w.pool.cfg
	if strings.HasPrefix(c.Host, "/") {
		return fmt.Sprintf("%s at %s", c.Database, c.Host)
	}
	return fmt.Sprintf("%s at %s", c.Database, net.JoinHostPort(c.Host, fmt.Sprint(c.Port)))
}

// explain turns an error of pgconn or of the server into one of the contract,
// with a remedy. Errors that are of the contract already stay as they are.
func (w *Warehouse) explain(ctx context.Context, err error) error {
	if err == nil || isExplained(err) {
		return err
	}
	var lost *outcomeError
	if errors.As(err, &lost) {
		return err // the caller looks up what became of it
	}
	if cerr := ctx.Err(); cerr != nil {
		return cerr
	}
	if server := serverError(err); server != nil {
		return w.explainServer(server)
	}
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &connect):
		return fmt.Errorf("%s: %w: check host and port, and that the server runs and lets this machine in: %s",
			w.where(), warehouse.ErrUnreachable, dialReason(connect))
	case isLost(err):
		return fmt.Errorf("%s: %w: the connection was lost; nothing of this is visible, run again: %s",
			w.where(), warehouse.ErrUnreachable, lostReason(err))
	}
	return ofFiles(err)
}

func isExplained(err error) bool {
	for _, known := range []error{
		warehouse.ErrNotExist, warehouse.ErrSchema, warehouse.ErrConflict, warehouse.ErrLocked, warehouse.ErrUnauthorized,
		warehouse.ErrUnreachable, warehouse.ErrFull, warehouse.ErrCount, warehouse.ErrQuery,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// dialReason is the innermost reason of a failed attempt: those around it repeat
// the connection's settings.
func dialReason(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &op):
		return op.Error()
	}
	for {
		switch inner := err.(type) {
		case interface{ Unwrap() error }:
			if next := inner.Unwrap(); next != nil {
				err = next
				continue
			}
		case interface{ Unwrap() []error }:
			if list := inner.Unwrap(); len(list) > 0 {
				err = list[0]
				continue
			}
		}
		return err.Error()
	}
}

func lostReason(err error) string {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return op.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed it"
	}
	return dialReason(err)
}

// An answer is what is to be made of a class of the server's errors.
type answer struct {
	sentinel error
	remedy   string
}

// answers by SQLSTATE, or the two characters of its class.
func answers(where string) map[string]answer {
	return map[string]answer{
		"28":    {warehouse.ErrUnauthorized, "check the role and the password in the URL, and pg_hba.conf on the server"},
		"3D000": {warehouse.ErrUnreachable, "there is no such database; make it (CREATE DATABASE), or name another in the URL"},
		"3F":    {warehouse.ErrUnreachable, "there is no such schema; make it (CREATE SCHEMA), or name another (schema:)"},
		"42501": {warehouse.ErrUnauthorized, "give the role the right that is missing; tapline check prints the GRANT"},
		"25006": {warehouse.ErrUnauthorized, "it takes no writes: name the primary server, or lift default_transaction_read_only"},
		"53100": {warehouse.ErrFull, "free space on the server's disk, then run again"},
		"53300": {warehouse.ErrUnreachable, "all connections are taken; raise max_connections, use PgBouncer, or lower max_conns"},
		"53":    {warehouse.ErrFull, "the server lacks memory or disk; give it more, then run again"},
		"58030": {warehouse.ErrFull, "the server cannot write its files; look at its disk"},
		"55P03": {warehouse.ErrLocked, "wait for it, or end it there; then run again"},
		"40P01": {warehouse.ErrLocked, "two sessions waited for each other; run again"},
		"57014": {warehouse.ErrUnreachable, "the server cancelled it (statement_timeout, or a person did); run again"},
		"57P":   {warehouse.ErrUnreachable, "the server is stopping or starting; nothing of this is visible, run again"},
		"08":    {warehouse.ErrUnreachable, "the connection was lost; nothing of this is visible, run again"},
		"54011": {warehouse.ErrSchema, "a table has 1,600 columns at most; drop some (columns: drop)"},
		"54":    {warehouse.ErrSchema, "PostgreSQL holds no more in a row or an index; drop or shorten columns (columns: drop)"},
		"22":    {warehouse.ErrSchema, "a value does not fit its column"},
		"23":    {warehouse.ErrSchema, "the table has a constraint that the rows break; drop it, or load into another table"},
	}
}

func (w *Warehouse) explainServer(e *pgconn.PgError) error {
	all := answers(w.where())
	for _, key := range []string{e.Code, prefix(e.Code, 3), prefix(e.Code, 2)} {
		a, ok := all[key]
		switch {
		case !ok:
			continue
		case a.sentinel == warehouse.ErrSchema:
			return &warehouse.SchemaError{Table: e.TableName, Column: e.ColumnName, Reason: a.remedy + ": " + said(e)}
		}
		return fmt.Errorf("%s: %w: %s: %s", w.where(), a.sentinel, a.remedy, said(e))
	}
	return fmt.Errorf("%s: %s", w.where(), said(e))
}

func prefix(s string, n int) string { return s[:min(n, len(s))] }

// said is a server's error as it says it, with its code.
func said(e *pgconn.PgError) string {
	text := e.Message
	if e.Where != "" && strings.HasPrefix(e.Where, "COPY ") {
		text += " (" + firstLine(e.Where) + ")"
	}
	return text + " (SQLSTATE " + e.Code + ")"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// named fills in the table of a *SchemaError that the server did not name.
func (w *Warehouse) named(table string, err error) error {
	var s *warehouse.SchemaError
	if err == nil || !errors.As(err, &s) {
		return err
	}
	if s.Table == "" {
		c := *s
		c.Table = table
		return &c
	}
	return err
}

// ofFiles says of a file system's error what to do.
func ofFiles(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("give this user the right to the file: %w", err)
	}
	return warehouse.AsFull(err)
}

// holding adds to an ErrLocked who holds the lock, as far as it can be told.
func (w *Warehouse) holding(ctx context.Context, table string, err error) error {
	if !errors.Is(err, warehouse.ErrLocked) {
		return err
	}
	var pid int64
	var role, program, host, doing string
	found := false
	look := w.within(ctx, mode{readOnly: true}, func(t *tx) error {
		return t.rows(ctx, "holder", nil, []any{w.lockName(table), w.cfg.Schema, table},
			[]any{&pid, &role, &program, &host, &doing}, func() error { found = true; return nil })
	})
	if look != nil || !found {
		return err
	}
	if program == "" {
		program = "a program"
	}
	return fmt.Errorf("%s (process %d on the server, role %s, from %s, %s) holds table %s, after waiting %s: %w",
		program, pid, role, host, doing, table, w.cfg.LockWait, err)
}
