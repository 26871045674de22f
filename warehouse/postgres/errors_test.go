package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
)

const secret = "s3cr3t/p@ss"

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no url":      {},
		"bad port":    {URL: "postgres://u:" + secret + "@host:port/db"},
		"bad option":  {URL: "postgres://u:s3cr3t@host/db?sslmode=s3cr3t"},
		"no url form": {URL: "host=h password=s3cr3t sslmode=perhaps"},
		"long schema": {URL: "postgres://u:s3cr3t@host/db", Schema: strings.Repeat("s", 64)},
	} {
		_, err := New(t.Context(), cfg)
		if err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

// What cannot be reached says what to do, and never the password.
func TestUnreachable(t *testing.T) {
	address := pgtest.NewDatabase(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	at := func(host, path string) string {
		c := *u
		c.Host, c.Path, c.User = host, path, url.UserPassword(u.User.Username(), "s3cr3t")
		return c.String()
	}
	pgtest.Exec(t, address, "CREATE ROLE nologin_"+u.Path[1:])
	for name, c := range map[string]struct {
		url, say string
		want     error
	}{
		"no server":   {at("127.0.0.1:1", u.Path), "127.0.0.1:1", warehouse.ErrUnreachable},
		"no database": {at(u.Host, "/nothere"), "CREATE DATABASE", warehouse.ErrUnreachable},
		"no role":     {pgtest.As(address, "nobody", "s3cr3t"), "role", warehouse.ErrUnauthorized},
		"no login":    {pgtest.As(address, "nologin_"+u.Path[1:], "s3cr3t"), "role", warehouse.ErrUnauthorized},
	} {
		w := open(t, Config{URL: c.url})
		_, err := w.Load(t.Context(), loadOf(t, "t", "d1", 1, columnsOf("a", text)))
		for _, err := range []error{err, w.Check(t.Context())} {
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("%s: error = %v, want %v with %q", name, err, c.want, c.say)
			}
		}
	}
}

// newRole makes a role without rights to the database, and returns both names.
func newRole(t *testing.T, address string) (role, database string) {
	t.Helper()
	database = strings.TrimPrefix(mustParse(t, address).Path, "/")
	role = "loader_of_" + database
	pgtest.Exec(t, address, fmt.Sprintf("CREATE ROLE %s LOGIN; REVOKE ALL ON DATABASE %s FROM PUBLIC; GRANT CONNECT ON DATABASE %s TO %s",
		role, database, database, role))
	return role, database
}

// A role lacks each right in turn: Check names the grant, which then suffices.
func TestRights(t *testing.T) {
	address := pgtest.NewDatabase(t)
	role, _ := newRole(t, address)
	w := open(t, Config{URL: pgtest.As(address, role, ""), Schema: "raw"})
	l := loadOf(t, "t", "d1", 1, columnsOf("id", integr, "v", text), numbered(3, "a")...)
	l.Mode, l.Key = warehouse.Merge, []string{"id"}
	granted := ""
	for range 5 {
		missing := w.Check(t.Context())
		if missing == nil {
			break
		}
		err := w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: l.Columns})
		if err == nil {
			_, err = w.Load(t.Context(), l)
		}
		if !errors.Is(missing, warehouse.ErrUnauthorized) || !errors.Is(err, warehouse.ErrUnauthorized) {
			t.Fatalf("without rights: Check says %v, the load %v", missing, err)
		}
		_, grants, _ := strings.Cut(missing.Error(), "run as its owner: ")
		granted += grants + "; "
		pgtest.Exec(t, address, grants)
	}
	if !strings.Contains(granted, "CREATE SCHEMA") || !strings.Contains(granted, "TEMPORARY") {
		t.Errorf("granted: %s", granted)
	}
	put(t, w, l)
}

// Rights that are taken away again are named too.
func TestRightsLost(t *testing.T) {
	address := pgtest.NewDatabase(t)
	role, database := newRole(t, address)
	pgtest.Exec(t, address, fmt.Sprintf("GRANT CREATE, TEMPORARY ON DATABASE %s TO %s", database, role))
	w := open(t, Config{URL: pgtest.As(address, role, ""), Schema: "raw"})
	columns := columnsOf("id", integr, "v", text)
	put(t, w, loadOf(t, "t", "d1", 1, columns, numbered(3, "a")...))
	pgtest.Exec(t, address, fmt.Sprintf("ALTER TABLE raw.t OWNER TO CURRENT_USER; GRANT SELECT, INSERT ON raw.t TO %s", role))
	err := w.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("GRANT DELETE ON raw.t TO %s; GRANT UPDATE ON raw.t TO %s", role, role)) {
		t.Errorf("Check = %v", err)
	}
	l := loadOf(t, "t", "d1", 2, columns, numbered(3, "b")...)
	if _, err := w.Load(t.Context(), l); !errors.Is(err, warehouse.ErrUnauthorized) || !strings.Contains(err.Error(), "tapline check") {
		t.Errorf("Load = %v", err)
	}
	pgtest.Exec(t, address, "DROP INDEX raw.t__tapline_slice_idx")
	err = w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: columns})
	if !errors.Is(err, warehouse.ErrUnauthorized) || !strings.Contains(err.Error(), `CREATE INDEX ON "raw"."t" ("_tapline_slice")`) {
		t.Errorf("Ensure = %v", err)
	}
	pgtest.Exec(t, address, fmt.Sprintf("ALTER DATABASE %s SET default_transaction_read_only = on", database))
	err = open(t, Config{URL: pgtest.As(address, role, "")}).Check(t.Context())
	if !errors.Is(err, warehouse.ErrUnauthorized) || !strings.Contains(err.Error(), "primary") {
		t.Errorf("a database that takes no writes: %v", err)
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Somebody holds the table: the wait has an end, and the holder a name.
func TestLocked(t *testing.T) {
	address := pgtest.NewDatabase(t)
	w := open(t, Config{URL: address, LockWait: 300 * time.Millisecond})
	columns := columnsOf("id", integr, "v", text)
	put(t, w, loadOf(t, "t", "d1", 1, columns, numbered(3, "a")...))
	l := loadOf(t, "t", "d1", 2, columns, numbered(3, "b")...)
	for name, sql := range map[string]string{
		"table locked":  "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE",
		"other tapline": "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('" + w.lockName("t") + "', 0))",
	} {
		conn, err := pgconn.Connect(t.Context(), address+"&application_name=the-holder")
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(t.Context(), sql).Close(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = w.Load(t.Context(), l)
		if !errors.Is(err, warehouse.ErrLocked) || !strings.Contains(err.Error(), "the-holder (process "+fmt.Sprint(conn.PID())) {
			t.Errorf("%s: error = %v, want ErrLocked that names the holder", name, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: waited %s", name, took)
		}
		if err := conn.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	put(t, w, l)
	proven(t, w, 1)
}

// Each error of the server that has a remedy says it.
func TestAnswers(t *testing.T) {
	w := open(t, Config{URL: "postgres://u:s3cr3t@host:5433/db"})
	for code, want := range map[string]error{
		"53100": warehouse.ErrFull, "58030": warehouse.ErrFull, "53200": warehouse.ErrFull, "53300": warehouse.ErrUnreachable,
		"57P01": warehouse.ErrUnreachable, "57P03": warehouse.ErrUnreachable, "08006": warehouse.ErrUnreachable, "55P03": warehouse.ErrLocked,
		"40P01": warehouse.ErrLocked, "28P01": warehouse.ErrUnauthorized, "42501": warehouse.ErrUnauthorized, "25006": warehouse.ErrUnauthorized,
		"3F000": warehouse.ErrUnreachable, "54000": warehouse.ErrSchema, "22001": warehouse.ErrSchema, "23502": warehouse.ErrSchema,
	} {
		err := w.explain(t.Context(), fmt.Errorf("deep: %w", &pgconn.PgError{Code: code, Message: "what the server says"}))
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "what the server says (SQLSTATE "+code+")") {
			t.Errorf("%s: %v, want %v", code, err, want)
		}
	}
	if err := w.explain(t.Context(), &pgconn.PgError{Code: "XX000", Message: "odd"}); err == nil || !strings.Contains(err.Error(), "db at host:5433") {
		t.Errorf("any other: %v", err)
	}
}

func TestNewerTapline(t *testing.T) {
	address := pgtest.NewDatabase(t)
	w := open(t, Config{URL: address})
	put(t, w, loadOf(t, "t", "d1", 1, columnsOf("a", text)))
	pgtest.Exec(t, address, "UPDATE _tapline_schema SET version = 99")
	w = open(t, Config{URL: address})
	if _, err := w.Load(t.Context(), loadOf(t, "t", "d1", 2, columnsOf("a", text))); err == nil || !strings.Contains(err.Error(), "newer tapline") {
		t.Errorf("Load = %v", err)
	}
	for _, err := range w.Receipts(t.Context(), "") {
		if err == nil || !strings.Contains(err.Error(), "newer tapline") {
			t.Errorf("Receipts = %v", err)
		}
	}
}
