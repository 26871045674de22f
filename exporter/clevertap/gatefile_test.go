//go:build unix

package clevertap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// gateDir and gateURL make this test binary the other process of a test: with
// an address it asks the account there, without one it takes a slot and dies
// holding it.
const gateDir, gateURL = "CLEVERTAP_TEST_GATE_DIR", "CLEVERTAP_TEST_GATE_URL"

func TestMain(m *testing.M) {
	dir := os.Getenv(gateDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := otherProcess(dir, os.Getenv(gateURL)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func otherProcess(dir, url string) error {
	if url != "" {
		return ask(context.Background(), url, SharedGates(dir, nil))
	}
	for range 2 {
		if _, err := SharedGates(dir, nil).of("a", "events", 2).enter(context.Background()); err != nil {
			return err
		}
	}
	fmt.Println("holding")
	select {} // until it is killed
}

// ask lists the account's events 30 times, 6 at once.
func ask(ctx context.Context, url string, gates *Gates) error {
	s, err := New(Config{
		URL: url, AccountID: clevertaptest.DefaultAccountID, Passcode: config.NewSecret(clevertaptest.DefaultPasscode), Timezone: "UTC",
	}, nil, Options{Gates: gates})
	if err != nil {
		return err
	}
	defer s.Close()
	var wg sync.WaitGroup
	failed := make([]error, 6)
	for i := range failed {
		wg.Go(func() {
			for range 5 {
				_, err := s.Streams(ctx)
				failed[i] = errors.Join(failed[i], err)
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// TestSlotsOfTwoProcesses: two processes together have three calls in flight,
// and no more.
func TestSlotsOfTwoProcesses(t *testing.T) {
	server := clevertaptest.NewServer(t, clevertaptest.Options{Data: &clevertaptest.Shop{Seed: 1, First: exporter.Day{Year: 2026, Month: 9, Day: 1}, Days: 1, Rows: 1}})
	server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.Slow, Delay: 4 * time.Millisecond})
	dir := filepath.Join(t.TempDir(), "slots")
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), gateDir+"="+dir, gateURL+"="+server.URL)
	other.Stderr = os.Stderr
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ask(t.Context(), server.URL, SharedGates(dir, nil)), other.Wait()); err != nil {
		t.Error(err)
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
	if n := server.Count(clevertaptest.Any); n != 60 {
		t.Errorf("asked %d times, want 60", n)
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.Contains(n.Name(), clevertaptest.DefaultAccountID) {
			t.Errorf("the account's id stands in the name %s", n.Name())
		}
	}
}

// TestSlotsOfSeveral: gates of one directory are one gate, whoever made them;
// those with fewer slots get theirs too.
func TestSlotsOfSeveral(t *testing.T) {
	dir := t.TempDir()
	var gates []*gate
	for _, slots := range []int{3, 3, 1} {
		gates = append(gates, SharedGates(dir, nil).of("a", "events", slots))
	}
	if most := crowd(t, 8, 2*time.Millisecond, gates...); most > 3 {
		t.Errorf("%d were in at a time, want 3 at most", most)
	}
}

// TestSlotsAreFair: one who waits gets his turn though another process asks
// again and again.
func TestSlotsAreFair(t *testing.T) {
	dir := t.TempDir()
	greedy, patient := SharedGates(dir, nil).of("a", "events", 1), SharedGates(dir, nil).of("a", "events", 1)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var times atomic.Int64
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if leave, err := greedy.enter(ctx); err == nil {
					times.Add(1)
					time.Sleep(time.Millisecond)
					leave()
				}
			}
		})
	}
	for range 5 {
		for before := times.Load(); times.Load() < before+3; {
			time.Sleep(time.Millisecond)
		}
		waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
		leave, err := patient.enter(waiting)
		cancel()
		if err != nil {
			t.Error(err)
			break
		}
		leave()
	}
	stop()
	wg.Wait()
}

// TestSlotsOfTheDead: a process that is killed leaves its slots behind.
func TestSlotsOfTheDead(t *testing.T) {
	dir := t.TempDir()
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), gateDir+"="+dir)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it holds both slots
		t.Fatal(err)
	}
	g := SharedGates(dir, nil).of("a", "events", 2)
	waiting, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := g.enter(waiting); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slot that another process holds: %v, want to wait", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	waiting, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	leave, err := g.enter(waiting)
	if err != nil {
		t.Fatalf("after its death: %v", err)
	}
	leave()
}

// TestSlotsUnwritable: where no files can be locked each process has its own
// gates, and says so once.
func TestSlotsUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	gates := SharedGates(filepath.Join(file, "slots"), slog.New(slog.NewTextHandler(&said, nil)))
	for _, api := range []string{"events", "schema"} {
		if most := crowd(t, 8, time.Millisecond, gates.of("a", api, 2)); most != 2 {
			t.Errorf("%d were in at a time, want 2", most)
		}
	}
	if n := strings.Count(said.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings, want 1:\n%s", n, said.String())
	}
}
