//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	driverduckdb "github.com/duckdb/duckdb-go/v2"
)

// Options describe a server. The zero value is a project "acme" with an empty
// dataset "raw" in asia-south1.
type Options struct {
	Project  string // "" = "acme"
	Dataset  string // the dataset that exists from the start; "" = "raw"
	Location string // of that dataset; "" = "asia-south1"

	// Storage is the base URL of Cloud Storage's JSON API, from which gs://
	// URIs are read, such as the URL of gcstest. "" = they are refused.
	Storage string
	// Now is the server's clock; nil = time.Now. It is called from any goroutine.
	Now func() time.Time
	// LoadsPerDay is how many load jobs a table takes in 24 hours, failed ones
	// included; 0 = 1,500 as the service has it.
	LoadsPerDay int
	// Memory is DuckDB's memory_limit, such as "512MB"; "" = 1 GB. What does
	// not fit is kept in a temporary folder.
	Memory string
}

// A Server is BigQuery for one project. It is safe for concurrent use.
type Server struct {
	// URL is the endpoint: option.WithEndpoint(s.URL).
	URL string

	opt      Options
	dir      string // uploads, downloads and what DuckDB keeps on disk
	origin   string // http://host:port
	engine   *driverduckdb.Connector
	db       *sql.DB
	http     *http.Server
	locks    *locks
	life     context.Context // ends with the server; jobs run under it
	end      context.CancelFunc
	working  sync.WaitGroup
	serveErr chan error

	functions map[string]function // of GoogleSQL; never changes
	requests  sync.WaitGroup      // that are being answered
	kept      chan string         // tables of results, oldest first; the full channel pushes one out

	mu       sync.Mutex // guards what follows
	datasets map[string]*dataset
	jobs     map[jobKey]*job
	sessions map[string]*upload
	loads    map[string][]time.Time // by dataset.table: when load jobs started
	rules    []*rule
	calls    []Call
	serial   int64 // of jobs, sessions and etags
}

// NewServer starts a server on a free port of 127.0.0.1 that ends with the test.
func NewServer(tb testing.TB, o Options) *Server {
	tb.Helper()
	s, err := Start(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Start starts a server on a free port of 127.0.0.1. The caller closes it.
func Start(o Options) (*Server, error) {
	s := &Server{
		opt: o.filled(), locks: newLocks(), serveErr: make(chan error, 1), functions: functions(), kept: make(chan string, keptResults),
		datasets: map[string]*dataset{}, jobs: map[jobKey]*job{}, sessions: map[string]*upload{}, loads: map[string][]time.Time{},
	}
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("bigquerytest: start: %w", err), s.Close())
	}
	return s, nil
}

func (o Options) filled() Options {
	for _, d := range []struct {
		value *string
		or    string
	}{{&o.Project, "acme"}, {&o.Dataset, "raw"}, {&o.Location, "asia-south1"}, {&o.Memory, "1GB"}} {
		if *d.value == "" {
			*d.value = d.or
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LoadsPerDay == 0 {
		o.LoadsPerDay = 1500
	}
	return o
}

func (s *Server) start() error {
	var err error
	if s.dir, err = os.MkdirTemp("", "bigquerytest-"); err != nil {
		return err
	}
	v := url.Values{
		"autoinstall_known_extensions": {"false"}, "autoload_known_extensions": {"false"},
		"temp_directory": {filepath.Join(s.dir, "spill")}, "memory_limit": {s.opt.Memory}, "threads": {"1"},
		"default_null_order": {"nulls_first_on_asc_last_on_desc"},
	}
	s.engine, err = driverduckdb.NewConnector("?"+v.Encode(), func(e driver.ExecerContext) error {
		_, err := e.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
		return err
	})
	if err != nil {
		return err
	}
	s.db = sql.OpenDB(s.engine)
	s.db.SetMaxIdleConns(8)
	for _, m := range macros() {
		if _, err := s.db.ExecContext(s.life, m); err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
	}
	if _, err := s.db.ExecContext(s.life, "CREATE SCHEMA "+resultSchema); err != nil {
		return err
	}
	if err := s.createDataset(s.life, newDataset(s.opt)); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.origin = "http://" + l.Addr().String()
	s.URL = s.origin + "/bigquery/v2/"
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // to tell clients of the Storage API that there is none
	s.http = &http.Server{Handler: s.counted(s.routes()), Protocols: protocols, BaseContext: func(net.Listener) context.Context { return s.life }}
	go func() { s.serveErr <- s.http.Serve(l) }()
	return nil
}

// Close ends running jobs and the server, and removes its files.
func (s *Server) Close() error {
	s.end()
	var err error
	if s.http != nil {
		err = s.http.Close()
		if e := <-s.serveErr; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		s.http = nil
	}
	s.requests.Wait()
	s.working.Wait()
	for _, u := range s.sessions {
		err = errors.Join(err, u.file.Close())
	}
	s.sessions = nil
	if s.db != nil {
		err = errors.Join(err, s.db.Close(), s.engine.Close())
		s.db = nil
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// counted lets Close wait for requests: DuckDB must not end under them.
func (s *Server) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		defer s.requests.Done()
		h.ServeHTTP(w, r)
	})
}

// next returns a number that this server has not given before.
func (s *Server) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return s.serial
}

// name makes a name that this server has not given before.
func (s *Server) name(prefix string) string { return prefix + strconv.FormatInt(s.next(), 10) }
