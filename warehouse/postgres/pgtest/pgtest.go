// Package pgtest runs a real PostgreSQL for tests, on 127.0.0.1 and in a folder
// of its own. It is no fake: what passes here passes there.
//
// One server serves a test process; each test has a database of its own. The
// server ends with the process, whatever ends that (on Linux). PostgreSQL is
// found in /usr/lib/postgresql or in PATH, and installed by apt-get where that
// is possible; where it cannot be had, tests fail.
package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Server is a PostgreSQL that runs.
type Server struct {
	bin  string // folder of its programs
	dir  string // its data, log and socket
	port int
	user string // the superuser
	dbs  atomic.Int64

	mu   sync.Mutex
	proc *process
}

// shared is the server of the test process, made by the first test that asks.
var shared = sync.OnceValues(func() (*Server, error) { return start(settings{}) })

// settings of a server that differ from those of most tests.
type settings struct {
	durable bool // commits reach the disk, so that a crash loses none
}

// Shared returns the server of this test process, started once. Commits do not
// wait for the disk.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	s, err := shared()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	return s
}

// New returns a server of the test's own, which it may stop and start. Commits
// wait for the disk. It ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s, err := start(settings{durable: true})
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		s.Stop()
		os.RemoveAll(s.dir)
	})
	return s
}

// Main runs a package's tests and cleans up after the shared server: what TestMain
// calls. Without it, the server ends with the process all the same, and the next
// test process removes its folder.
func Main(m *testing.M) int {
	code := m.Run()
	sweepOf(os.Getpid())
	return code
}

// NewDatabase makes an empty database on the shared server and returns its URL.
// It is dropped after the test.
func NewDatabase(tb testing.TB) string {
	tb.Helper()
	return Shared(tb).Database(tb)
}

// Database makes an empty database and returns its URL. It is dropped after the
// test, where the server still runs.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test_%d", s.dbs.Add(1))
	Exec(tb, s.URL("postgres"), "CREATE DATABASE "+name+" TEMPLATE template0")
	tb.Cleanup(func() {
		// Nothing depends on it: the whole folder goes in the end.
		_, _ = Psql(s.URL("postgres"), "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return s.URL(name)
}

// URL is the address of a database of the server, as its superuser.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(s.user), Host: s.Addr(), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", fmt.Sprint(s.port)) }

// As returns url with another user and password.
func As(address, user, password string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

// Exec runs SQL in a database; statements are separated by semicolons and are one
// transaction.
func Exec(tb testing.TB, address, sql string) {
	tb.Helper()
	if _, err := Psql(address, sql); err != nil {
		tb.Fatalf("pgtest: %s: %v", sql, err)
	}
}

// Rows runs queries and returns their rows as text, "|" between the values and
// "NULL" for those that are. Values have no line breaks.
func Rows(tb testing.TB, address, sql string) []string {
	tb.Helper()
	out, err := Psql(address, sql)
	if err != nil {
		tb.Fatalf("pgtest: %s: %v", sql, err)
	}
	rows := []string{}
	for line := range strings.Lines(out) {
		rows = append(rows, strings.TrimSuffix(line, "\n"))
	}
	return rows
}

// Psql runs SQL with the program that comes with the server, and returns the rows
// of queries as Rows does, a line each.
func Psql(address, sql string) (string, error) {
	bin, err := programs()
	if err != nil {
		return "", err
	}
	path := filepath.Join(bin, "psql")
	if !there(path) {
		path = "psql"
	}
	cmd := exec.Command(path, "-X", "-q", "-A", "-t", "-P", "null=NULL", "-v", "ON_ERROR_STOP=1", "-d", address, "-c", sql)
	cmd.Env = append(os.Environ(), "PGCONNECT_TIMEOUT=10", "PGCLIENTENCODING=UTF8")
	var out, failed strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(failed.String()))
	}
	return out.String(), nil
}

// start makes a cluster in a new folder and runs it.
func start(set settings) (_ *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, user: "tester"}
	sweep()
	if s.dir, err = os.MkdirTemp("", fmt.Sprintf("pgtest-%d-", os.Getpid())); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(s.dir)
		}
	}()
	if err := giveAway(s.dir); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	init := run(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", s.user, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := s.configure(set); err != nil {
		return nil, err
	}
	return s, s.Start()
}

// sweep removes the folders of test processes that are no more.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), "pgtest-*-*"))
	for _, dir := range dirs {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "pgtest-%d-", &pid); err == nil && !alive(pid) {
			os.RemoveAll(dir)
		}
	}
}

// sweepOf ends the servers of a process and removes their folders.
func sweepOf(pid int) {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf("pgtest-%d-*", pid)))
	for _, dir := range dirs {
		endServer(filepath.Join(dir, "data", "postmaster.pid"))
		os.RemoveAll(dir)
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// configure appends to the cluster's configuration, where the last word counts.
func (s *Server) configure(set settings) error {
	onOff := map[bool]string{true: "on", false: "off"}[set.durable]
	text := fmt.Sprintf("listen_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = ''\nmax_connections = 100\n"+
		"fsync = %s\nsynchronous_commit = %s\nfull_page_writes = %s\nshared_buffers = 64MB\nmax_wal_size = 2GB\nautovacuum = off\nlog_min_messages = warning\n",
		s.port, onOff, onOff, onOff)
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if end := f.Close(); err == nil {
		err = end
	}
	return err
}

// Start runs the server and waits until it answers.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		return nil
	}
	// Sessions of a server that has just been stopped may take a moment to end.
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		err := s.launch()
		if err == nil || !strings.Contains(err.Error(), "is still in use") || time.Now().After(until) {
			return err
		}
	}
}

func (s *Server) launch() error {
	log := filepath.Join(s.dir, "log")
	p, err := launch(log, filepath.Join(s.bin, "postgres"), "-D", s.data())
	if err != nil {
		return err
	}
	if err := answers(s.URL("postgres"), p, log); err != nil {
		p.kill()
		return err
	}
	s.proc = p
	return nil
}

// Stop ends the server at once, as a crash would: the next start recovers.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		s.proc.quit()
		s.proc = nil
	}
}

// freePort returns a port that nobody listened at a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
