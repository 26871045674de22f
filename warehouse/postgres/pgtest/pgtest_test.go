package pgtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const child = "PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		s, err := shared()
		fmt.Println(s.Addr(), err)
		time.Sleep(time.Minute) // until it is killed
	}
	os.Exit(Main(m))
}

func TestDatabases(t *testing.T) {
	one, two := NewDatabase(t), NewDatabase(t)
	Exec(t, one, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (NULL)")
	if rows := Rows(t, one, "SELECT a, 'x' FROM t ORDER BY a"); strings.Join(rows, " ") != "1|x NULL|x" {
		t.Errorf("rows = %q", rows)
	}
	if rows := Rows(t, two, "SELECT count(*) FROM pg_class WHERE relname = 't'"); rows[0] != "0" {
		t.Error("two databases are one")
	}
}

// A server that crashes comes back with what was committed.
func TestStopAndStart(t *testing.T) {
	s := New(t)
	address := s.Database(t)
	Exec(t, address, "CREATE TABLE t AS SELECT 7 AS a")
	s.Stop()
	if _, err := Psql(address, "SELECT 1"); err == nil {
		t.Error("a server that was stopped answers")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if rows := Rows(t, address, "SELECT a FROM t"); rows[0] != "7" {
		t.Errorf("rows = %q", rows)
	}
}

func TestBouncer(t *testing.T) {
	if rows := Rows(t, Bouncer(t, NewDatabase(t)), "SELECT 1"); rows[0] != "1" {
		t.Errorf("rows = %q", rows)
	}
}

// The server ends with a test process that is killed, and its folder is swept.
func TestKilled(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, failed, _ := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || failed != "<nil>" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	gone := false
	for began := time.Now(); !gone && time.Since(began) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if gone = err != nil; !gone {
			conn.Close()
		}
	}
	if !gone {
		t.Errorf("the server at %s outlives its test process", address)
	}
	sweep()
	if left, err := os.ReadDir(os.TempDir()); err == nil {
		for _, e := range left {
			if strings.HasPrefix(e.Name(), fmt.Sprintf("pgtest-%d-", cmd.Process.Pid)) {
				t.Errorf("%s is left", e.Name())
			}
		}
	}
}
