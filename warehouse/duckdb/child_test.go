//go:build cgo

package duckdb

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapline/warehouse"
	"tapline/warehouse/warehousetest"
)

// Tests that need another process run this test binary again, with the part it
// has to play in the environment.
const childVar = "TAPLINE_DUCKDB_TEST_CHILD"

// A childPart says what a child process does.
type childPart struct {
	Do       string // hold, load or full
	Path     string
	LockWait time.Duration
	Loads    []childLoad
}

// A childLoad is a load of rows that all carry Rev.
type childLoad struct {
	Rev, Rows int
	Parts     []string
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childVar); text != "" {
		if err := playChild(text); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func playChild(text string) error {
	var part childPart
	if err := json.Unmarshal([]byte(text), &part); err != nil {
		return err
	}
	w, err := New(Config{Path: part.Path, LockWait: part.LockWait})
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch part.Do {
	case "hold": // has the file open until its standard input ends
		return w.with(ctx, access{threads: 1}, func(*session) error {
			fmt.Println("ready")
			_, err := io.Copy(io.Discard, os.Stdin)
			return err
		})
	case "load":
		fmt.Println("ready")
		for _, c := range part.Loads {
			l := revision(c)
			if _, err := w.Load(ctx, l); err != nil {
				return err
			}
			fmt.Println("loaded", c.Rev)
		}
		return nil
	case "full": // may not write a file beyond 512 KiB
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 512 << 10, Max: 512 << 10}); err != nil {
			return err
		}
		_, err := w.Load(ctx, revision(part.Loads[0]))
		fmt.Println("full:", isFullError(err), err)
		return nil
	}
	return fmt.Errorf("no such part: %s", part.Do)
}

// A child is a process that plays a part.
type child struct {
	cmd   *exec.Cmd
	out   *bufio.Scanner
	stdin io.Closer
}

// play starts a child and returns when it has said its first word.
func play(t *testing.T, part childPart) *child {
	t.Helper()
	text, err := json.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+string(text))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, out: bufio.NewScanner(stdout), stdin: stdin}
	t.Cleanup(c.end)
	return c
}

// line returns what the child says next, "" when it is gone.
func (c *child) line() string {
	if !c.out.Scan() {
		return ""
	}
	return c.out.Text()
}

// end lets the child end, and waits for that. Calling it again does nothing.
func (c *child) end() {
	c.stdin.Close()
	for c.out.Scan() {
	}
	if c.cmd.ProcessState == nil {
		c.cmd.Wait()
	}
}

// writeRevision writes the parts of a load whose rows all carry rev.
func writeRevision(t *testing.T, dir string, rev, rows int) childLoad {
	t.Helper()
	c := childLoad{Rev: rev, Rows: rows}
	l := revision(c)
	const each = 10000
	for from := 0; from < rows; from += each {
		var data [][]any
		for i := from; i < min(from+each, rows); i++ {
			data = append(data, []any{int64(rev), fmt.Sprintf("%x", i*7919), l.Slice, l.ID, int64(i), l.ReadAt})
		}
		path := filepath.Join(dir, fmt.Sprintf("%d-%d.parquet", rev, from))
		warehousetest.WritePart(t, path, l.Columns, data)
		c.Parts = append(c.Parts, path)
	}
	return c
}

// revision is the load of a childLoad.
func revision(c childLoad) warehouse.Load {
	l := warehouse.Load{
		ID: fmt.Sprint("load-", c.Rev), Pipeline: "p", Table: "t", Stream: "s", Slice: "p/s/d1", Revision: fmt.Sprint(c.Rev),
		ReadAt: moment().AddDate(0, 0, c.Rev), Mode: warehouse.Replace, RowsRead: int64(c.Rows), RowsLoaded: int64(c.Rows),
		Columns: append([]warehouse.Column{{Name: "rev", Type: arrowType("BIGINT")}, {Name: "v", Type: arrowType("VARCHAR")}}, taplineColumns()...),
	}
	for _, p := range c.Parts {
		l.Parts = append(l.Parts, warehouse.Part{Name: filepath.Base(p), Path: p})
	}
	return l
}

// prepare makes the table of the revisions.
func prepare(t *testing.T, w *Warehouse) {
	t.Helper()
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: revision(childLoad{}).Columns}); err != nil {
		t.Fatal(err)
	}
}

func isReady(t *testing.T, c *child) {
	t.Helper()
	if line := c.line(); !strings.HasPrefix(line, "ready") {
		t.Fatalf("the child says %q", line)
	}
}
