package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectTimeout is how long one attempt to connect may take, where the URL does
// not say.
const connectTimeout = 20 * time.Second

var errClosed = errors.New("the warehouse is closed")

// A pool keeps a few connections open. Nothing of a session outlives a
// transaction, so any of them serves anyone.
type pool struct {
	cfg   *pgconn.Config
	slots chan struct{} // one for each connection that is taken

	mu     sync.Mutex
	idle   []*pgconn.PgConn
	closed bool
}

func newPool(cfg *pgconn.Config, size int) *pool {
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	// These four pass through PgBouncer, which knows them.
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "tapline"
	}
	return &pool{cfg: cfg, slots: make(chan struct{}, size)}
}

// take returns a connection that is idle, or with fresh one that is new. The
// caller gives it back.
func (p *pool) take(ctx context.Context) (conn *pgconn.PgConn, fresh bool, err error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	p.mu.Lock()
	closed := p.closed
	if n := len(p.idle); n > 0 && !closed {
		conn, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	p.mu.Unlock()
	switch {
	case closed:
		err = errClosed
	case conn == nil:
		fresh = true
		conn, err = pgconn.ConnectConfig(ctx, p.cfg)
	}
	if err != nil {
		<-p.slots
		return nil, false, err
	}
	return conn, fresh, nil
}

// give takes a connection back. One that is not between transactions is closed.
func (p *pool) give(conn *pgconn.PgConn) {
	p.mu.Lock()
	keep := !p.closed && !conn.IsClosed() && !conn.IsBusy() && conn.TxStatus() == 'I'
	if keep {
		p.idle = append(p.idle, conn)
	}
	p.mu.Unlock()
	if !keep {
		discard(conn)
	}
	<-p.slots
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, conn := range idle {
		discard(conn)
	}
}

// discard closes a connection without waiting for a server that is gone.
func discard(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing depends on a polite end
}

// turns let the loads of one process into one table wait for each other here,
// without holding connections. The zero value is ready.
type turns struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// wait returns when it is the caller's turn with name, and what ends it.
func (t *turns) wait(ctx context.Context, name string) (done func(), err error) {
	for {
		t.mu.Lock()
		other, taken := t.held[name]
		if !taken {
			if t.held == nil {
				t.held = make(map[string]chan struct{})
			}
			mine := make(chan struct{})
			t.held[name] = mine
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.held, name)
				t.mu.Unlock()
				close(mine)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
