package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	taplinesql "tapline/sql"
)

// dialect is the folder of the statements.
const dialect = "postgres"

// A data is what a statement is rendered with; Schema is always there.
type data map[string]any

// A tx is a transaction. It belongs to one goroutine.
type tx struct {
	w    *Warehouse
	conn *pgconn.PgConn
}

// A mode says what a transaction is for.
type mode struct {
	readOnly bool
	path     string // search path; "" = the catalogue alone, for statements that name the schema
	timeout  bool   // the role's statement timeout holds
}

// An outcomeError says that the connection was lost while the transaction was
// being committed: it may be done or not.
type outcomeError struct{ err error }

func (e *outcomeError) Error() string {
	return "the connection was lost at the commit: " + e.err.Error()
}
func (e *outcomeError) Unwrap() error { return e.err }

// errUnchanged ends a transaction without a trace and without an error.
var errUnchanged = errors.New("nothing to change")

// within runs f in a transaction of its own. When f fails, or ctx is over before
// the commit, nothing of it stays. Errors are explained.
func (w *Warehouse) within(ctx context.Context, m mode, f func(*tx) error) error {
	t, err := w.begin(ctx, m)
	if err != nil {
		return w.explain(ctx, err)
	}
	defer func() { w.pool.give(t.conn) }()
	if err := f(t); err != nil {
		t.rollback()
		if errors.Is(err, errUnchanged) {
			return nil
		}
		return w.explain(ctx, err)
	}
	if m.readOnly {
		t.rollback()
		return nil
	}
	return w.explain(ctx, t.commit(ctx))
}

// begin starts a transaction. A connection that died while it was idle is
// replaced.
func (w *Warehouse) begin(ctx context.Context, m mode) (*tx, error) {
	for {
		conn, fresh, err := w.pool.take(ctx)
		if err != nil {
			return nil, err
		}
		t := &tx{w: w, conn: conn}
		if err = t.start(ctx, m); err == nil {
			return t, nil
		}
		discard(conn)
		w.pool.give(conn)
		if fresh || ctx.Err() != nil || !isLost(err) {
			return nil, err
		}
	}
}

func (t *tx) start(ctx context.Context, m mode) error {
	name := "begin"
	if m.readOnly {
		name = "begin_read"
	}
	if _, err := t.exec(ctx, name, nil); err != nil {
		return err
	}
	path := m.path
	if path == "" {
		path = "pg_catalog, pg_temp"
	}
	var timeout any = "0"
	if m.timeout {
		timeout = nil
	}
	wait := fmt.Sprintf("%dms", max(1, t.w.cfg.LockWait.Milliseconds()))
	_, err := t.exec(ctx, "settings", nil, path, wait, timeout)
	return err
}

// commit makes the transaction visible, unless the context is over: no write
// starts on a cancelled one. Once begun, it is not cancelled.
func (t *tx) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		t.rollback()
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	_, err := t.exec(ctx, "commit", nil)
	if err != nil && (serverError(err) == nil || isLost(err)) {
		return &outcomeError{err}
	}
	return err
}

// rollback ends the transaction. A connection that cannot do so in time, or was
// cut off in the middle, is closed.
func (t *tx) rollback() {
	if t.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := t.exec(ctx, "rollback", nil); err != nil {
		discard(t.conn)
	}
}

// text renders a statement.
func (t *tx) text(name string, d data) (string, error) {
	all := data{"Schema": t.w.cfg.Schema}
	for k, v := range d {
		all[k] = v
	}
	return taplinesql.Text(dialect, name, map[string]any(all))
}

// exec runs a statement and returns how many rows it touched.
func (t *tx) exec(ctx context.Context, name string, d data, args ...any) (int64, error) {
	text, err := t.text(name, d)
	if err != nil {
		return 0, err
	}
	params, err := encode(args)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	tag, err := t.conn.ExecParams(ctx, text, params, nil, nil, nil).Close()
	return tag.RowsAffected(), err
}

// rows runs a query and calls each for every row, after reading it into dest.
func (t *tx) rows(ctx context.Context, name string, d data, args, dest []any, each func() error) error {
	text, err := t.text(name, d)
	if err != nil {
		return err
	}
	params, err := encode(args)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r := t.conn.ExecParams(ctx, text, params, nil, nil, nil)
	for err == nil && r.NextRow() {
		if err = scan(r.Values(), dest); err == nil {
			err = each()
		}
	}
	_, end := r.Close()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return end
}

// row runs a query of one row.
func (t *tx) row(ctx context.Context, name string, d data, args []any, dest ...any) error {
	n := 0
	err := t.rows(ctx, name, d, args, dest, func() error { n++; return nil })
	if err == nil && n != 1 {
		err = fmt.Errorf("%s: %d rows came, want 1", name, n)
	}
	return err
}

// A statement is one of a batch.
type statement struct {
	name string
	data data
}

// batch runs statements without parameters in one round trip.
func (t *tx) batch(ctx context.Context, list []statement) error {
	if len(list) == 0 {
		return nil
	}
	var b pgconn.Batch
	for _, s := range list {
		text, err := t.text(s.name, s.data)
		if err != nil {
			return err
		}
		b.ExecParams(text, nil, nil, nil, nil)
	}
	return t.conn.ExecBatch(ctx, &b).Close()
}

// try runs f so that its failure leaves the transaction as it was before f.
func (t *tx) try(ctx context.Context, f func() error) error {
	if _, err := t.exec(ctx, "savepoint", nil); err != nil {
		return err
	}
	if err := f(); err != nil {
		if _, undo := t.exec(ctx, "savepoint_back", nil); undo != nil {
			return errors.Join(err, undo)
		}
		return err
	}
	_, err := t.exec(ctx, "savepoint_release", nil)
	return err
}

// lock waits for the turn of this transaction with a table.
func (t *tx) lock(ctx context.Context, table string) error {
	_, err := t.exec(ctx, "lock", nil, t.w.lockName(table))
	return err
}

// lockName is what the lock of a table is taken on; "" is the schema's own.
func (w *Warehouse) lockName(table string) string {
	return fmt.Sprintf("tapline:%d:%s.%s", len(w.cfg.Schema), w.cfg.Schema, table)
}
