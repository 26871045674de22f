//go:build faults

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/objstore"
)

// faulty says that this build fails on purpose when it is told to.
const faulty = true

// errFault is the error that a fault fails with.
var errFault = errors.New("a fault on purpose")

// injector counts the operations that matter for the order of writing, and
// fails at the one it was told: TAPLINE_FAULTS is count, kill@17, error@17, or
// full@17, after which the stage says that there is no space left.
// Each hit is first appended to the file TAPLINE_FAULTS_LOG, so that whoever
// was killed can be asked where.
var injector = newFaults(os.Getenv("TAPLINE_FAULTS"), os.Getenv("TAPLINE_FAULTS_LOG"))

type faults struct {
	mu   sync.Mutex
	hits int
	at   int // 0 = never
	act  string
	log  string
}

func newFaults(plan, log string) *faults {
	f := &faults{log: log}
	act, at, _ := strings.Cut(plan, "@")
	f.act = act
	f.at, _ = strconv.Atoi(at) // no number: only count
	return f
}

// hit passes a point. It returns errFault, or does not return, at the one that
// was named.
func (f *faults) hit(point, what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hits++
	if err := f.note(point, what); err != nil {
		return err
	}
	if f.act == "full" && f.at > 0 && f.hits >= f.at && strings.HasPrefix(point, "stage.put") {
		return fmt.Errorf("%w: %w", objstore.ErrFull, errFault)
	}
	if f.hits != f.at || f.act == "full" {
		return nil
	}
	if f.act == "kill" {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return err
		}
		select {} // until the kernel has done it
	}
	return fmt.Errorf("%w: %s %s", errFault, point, what)
}

func (f *faults) note(point, what string) error {
	if f.log == "" {
		return nil
	}
	file, err := os.OpenFile(f.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%d %s %s\n", f.hits, point, strings.ReplaceAll(what, "\n", " "))
	return errors.Join(err, file.Close())
}

// around passes the points before and after an operation. A fault after it is
// reported although the operation was done: as when an answer gets lost.
func (f *faults) around(point, what string, do func() error) error {
	if err := f.hit(point+".before", what); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return f.hit(point+".after", what)
}

type faultStore struct {
	objstore.Store
	name string
}

func faultyStore(name string, s objstore.Store) objstore.Store { return faultStore{s, name} }

func (s faultStore) Put(ctx context.Context, name string, when objstore.Precondition, write func(io.Writer) error) (o objstore.Object, err error) {
	err = injector.around(s.name+".put", name, func() error {
		o, err = s.Store.Put(ctx, name, when, func(w io.Writer) error {
			half := &halfWriter{w: w, point: s.name + ".put.half", name: name}
			if err := write(half); err != nil {
				return err
			}
			return injector.hit(s.name+".put.mid", name)
		})
		return err
	})
	return o, err
}

func (s faultStore) Remove(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	return injector.around(s.name+".remove", strings.Join(names, ","), func() error { return s.Store.Remove(ctx, names...) })
}

// halfWriter passes a point in the middle of the first write.
type halfWriter struct {
	w           io.Writer
	point, name string
	passed      bool
}

func (h *halfWriter) Write(p []byte) (int, error) {
	if h.passed || len(p) < 2 {
		return h.w.Write(p)
	}
	h.passed = true
	n, err := h.w.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	if err := injector.hit(h.point, h.name); err != nil {
		return n, err
	}
	m, err := h.w.Write(p[n:])
	return n + m, err
}

type faultSource struct{ exporter.Source }

// faultySource keeps the abilities to replay and to locate, which the loader
// asks for. No source has both.
func faultySource(s exporter.Source) exporter.Source {
	if l, ok := s.(exporter.Locator); ok {
		return struct {
			faultSource
			exporter.Locator
		}{faultSource{s}, l}
	}
	if r, ok := s.(exporter.Replayer); ok {
		return struct {
			faultSource
			exporter.Replayer
		}{faultSource{s}, r}
	}
	return faultSource{s}
}

func (s faultSource) Read(ctx context.Context, slice exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		for b, err := range s.Source.Read(ctx, slice, after) {
			if err == nil {
				err = injector.hit("source.batch", slice.Stream.Name+" "+slice.Name)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func wrapHistory(what string, write func() error) func() error {
	return func() error { return injector.around("history", what, write) }
}

// faultyBatchRows makes small parts, so that a small account has many, where
// TAPLINE_BATCH_ROWS says how small.
func faultyBatchRows() int {
	n, _ := strconv.Atoi(os.Getenv("TAPLINE_BATCH_ROWS")) // not set: 0, the source's own
	return n
}

// faultyPatience makes the pauses between tries as short as TAPLINE_BACKOFF
// says, so that a bucket whose every fifth answer is wrong takes no minutes.
func faultyPatience() objstore.Patience { return objstore.Patience{Backoff: faultyPause()} }

// faultyRetry does the same for an account.
func faultyRetry() clevertap.Retry {
	return clevertap.Retry{First: faultyPause(), Poll: faultyPause()}
}

func faultyPause() time.Duration {
	d, _ := time.ParseDuration(os.Getenv("TAPLINE_BACKOFF")) // not set: 0, the default
	return d
}
