package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Bouncer runs PgBouncer in transaction mode before the server of a database's
// URL, and returns the URL through it. Two connections to the server serve all
// clients, so that each transaction may meet another session. It ends with the
// test.
func Bouncer(tb testing.TB, address string) string {
	tb.Helper()
	through, err := startBouncer(tb, address)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	return through
}

func startBouncer(tb testing.TB, address string) (string, error) {
	path, err := bouncer()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", fmt.Sprintf("pgtest-%d-bouncer-", os.Getpid()))
	if err != nil {
		return "", err
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	port, err := freePort()
	if err != nil {
		return "", err
	}
	name := strings.TrimPrefix(u.Path, "/")
	text := fmt.Sprintf("[databases]\n%s = host=%s port=%s dbname=%s user=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\nserver_reset_query_always = 0\n",
		name, u.Hostname(), u.Port(), name, u.User.Username(), port)
	config := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	p, err := launch(filepath.Join(dir, "log"), path, config)
	if err != nil {
		return "", err
	}
	tb.Cleanup(p.kill)
	u.Host = net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
	return u.String(), answers(u.String(), p, filepath.Join(dir, "log"))
}

// answers waits until a server answers, or the program that should ended.
func answers(address string, p *process, log string) error {
	for range 600 {
		if _, err := Psql(address, "SELECT 1"); err == nil {
			return nil
		}
		if p.ended() {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(log)
	return fmt.Errorf("the server does not answer; its log: %s", text)
}
