package postgres

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A proxy stands between the warehouse and the server and can cut connections.
type proxy struct {
	URL string
	// before is asked with what a client is about to send, and how many bytes
	// all clients have sent so far: true cuts all connections.
	before atomic.Pointer[func(chunk []byte, sent int64) bool]

	server string
	sent   atomic.Int64
	mu     sync.Mutex
	conns  []net.Conn
}

// newProxy listens before the server of a database's URL.
func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: u.Host}
	u.Host = l.Addr().String()
	p.URL = u.String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		wg.Wait()
	})
	return p
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { p.pump(client, server, nil) })
	p.pump(server, client, &p.before)
	wg.Wait()
}

// pump copies from one side to the other until either ends.
func (p *proxy) pump(to, from net.Conn, before *atomic.Pointer[func([]byte, int64) bool]) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if before != nil {
			sent := p.sent.Add(int64(n))
			if ask := before.Load(); ask != nil && (*ask)(buf[:n], sent) {
				p.cut()
				return
			}
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// on sets what happens once when the clients have sent so many bytes more.
func (p *proxy) on(bytes int64, do func()) {
	from := p.sent.Load()
	var once sync.Once
	ask := func(_ []byte, sent int64) bool {
		if sent-from >= bytes {
			once.Do(do)
		}
		return false
	}
	p.before.Store(&ask)
}

// loseCommit cuts the connections at the next commit: before the server hears of
// it, or when it has done it and before it says so.
func (p *proxy) loseCommit(done bool) {
	var once sync.Once
	ask := func(chunk []byte, _ int64) (cut bool) {
		if !bytes.Contains(chunk, []byte("COMMIT\x00")) {
			return false
		}
		once.Do(func() {
			cut = true
			if done {
				p.mu.Lock()
				p.conns[len(p.conns)-1].Write(chunk) // the server's side of the newest
				p.mu.Unlock()
				time.Sleep(200 * time.Millisecond)
			}
		})
		return cut
	}
	p.before.Store(&ask)
}
