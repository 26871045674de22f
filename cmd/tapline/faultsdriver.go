//go:build faults

package main

import (
	"context"
	"database/sql/driver"
	"io"
	"strings"
)

// faultyConnector passes a point around each statement that is executed and
// around each commit.
func faultyConnector(c driver.Connector) driver.Connector { return faultConnector{c} }

type faultConnector struct{ driver.Connector }

func (c faultConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return faultConn{conn}, nil
}

// Close passes on what database/sql tells the connector at the end.
func (c faultConnector) Close() error {
	if closer, ok := c.Connector.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

type faultConn struct{ driver.Conn }

func (c faultConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	inner, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	err = injector.around("sql", headline(query), func() error {
		r, err = inner.ExecContext(ctx, query, args)
		return err
	})
	return r, err
}

func (c faultConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	inner, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	return inner.QueryContext(ctx, query, args)
}

func (c faultConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if inner, ok := c.Conn.(driver.ConnPrepareContext); ok {
		return inner.PrepareContext(ctx, query)
	}
	return c.Conn.Prepare(query)
}

func (c faultConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, ok := c.Conn.(driver.ConnBeginTx)
	if !ok {
		return nil, driver.ErrSkip
	}
	tx, err := inner.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return faultTx{tx}, nil
}

func (c faultConn) CheckNamedValue(v *driver.NamedValue) error {
	if inner, ok := c.Conn.(driver.NamedValueChecker); ok {
		return inner.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c faultConn) Ping(ctx context.Context) error {
	if inner, ok := c.Conn.(driver.Pinger); ok {
		return inner.Ping(ctx)
	}
	return nil
}

type faultTx struct{ driver.Tx }

func (t faultTx) Commit() error { return injector.around("tx.commit", "", t.Tx.Commit) }

// headline is the beginning of a statement, on one line.
func headline(query string) string {
	words := strings.Fields(query)
	return strings.Join(words[:min(6, len(words))], " ")
}
