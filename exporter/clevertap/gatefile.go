package clevertap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// slotFiles are the files by which processes share the slots of one gate: who
// holds the lock of one has its slot, until he closes it or dies. They are
// empty, and never removed: a lock on a file that is gone excludes nobody.
type slotFiles struct {
	// name begins their names. It is a hash, for it stands for an account.
	name string
	// turn is held by the one of this process that looks for a slot.
	turn chan struct{}
}

func newSlotFiles(key string) *slotFiles {
	sum := sha256.Sum256([]byte(key))
	return &slotFiles{name: hex.EncodeToString(sum[:16]), turn: make(chan struct{}, 1)}
}

// take waits for one of the first n slots in dir. Closing the file frees it.
//
// Whoever looks for a slot first takes the lock "next", so that one who has
// just freed a slot cannot take it again while another waits for it. Errors are
// those of ctx, or say that files cannot be locked there.
func (s *slotFiles) take(ctx context.Context, dir string, n int) (*os.File, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	next, err := poll(ctx, func() (*os.File, error) { return s.try(dir, "next") })
	if err != nil {
		return nil, err
	}
	defer closeSlot(next)
	return poll(ctx, func() (*os.File, error) {
		// From the last one, so that those who may have fewer find the first free.
		for i := n - 1; i >= 0; i-- {
			if f, err := s.try(dir, strconv.Itoa(i)); f != nil || err != nil {
				return f, err
			}
		}
		return nil, nil
	})
}

// How long to wait before looking again: at first and at most. Requests take
// from a tenth of a second to minutes.
const firstLook, lastLook = 5 * time.Millisecond, 100 * time.Millisecond

// poll calls try until it finds a file.
func poll(ctx context.Context, try func() (*os.File, error)) (*os.File, error) {
	for wait := firstLook; ; wait = min(2*wait, lastLook) {
		if f, err := try(); f != nil || err != nil {
			return f, err
		}
		// By chance, so that processes do not look in step.
		if err := sleep(ctx, wait/2+rand.N(wait)); err != nil {
			return nil, err
		}
	}
}

// try takes the lock of a file, or returns nil when another has it.
func (s *slotFiles) try(dir, which string) (*os.File, error) {
	path := filepath.Join(dir, s.name+"-"+which+".lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		return nil, err
	}
	switch locked, err := tryLock(f); {
	case err != nil:
		closeSlot(f)
		return nil, fmt.Errorf("lock %s: %w", path, err)
	case !locked:
		closeSlot(f)
		return nil, nil
	}
	return f, nil
}

// closeSlot frees what the file stands for. Nothing was written to it, so that
// no error of closing matters.
func closeSlot(f *os.File) {
	if f != nil {
		_ = f.Close()
	}
}
