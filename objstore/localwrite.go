package objstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
	// scratch holds files being written and the lock. It lies inside the
	// store, because a rename is atomic within one file system only.
	scratch  = ".tapline-tmp"
	lockName = scratch + "/lock"
	// leftover is how old a half-written file must be before it is removed:
	// long after its writer had time to lock it.
	leftover = time.Hour
)

// Put implements Store: write, sync, then, with the store locked, compare,
// rename; at last sync the directory. The lock is held for the swap only.
func (l *Local) Put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (Object, error) {
	if err := check(name); err != nil {
		return Object{}, fmt.Errorf("objstore: put: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Object{}, fmt.Errorf("objstore: put %s: %w", name, err)
	}
	o, err := l.put(ctx, name, when, write)
	if err != nil {
		return Object{}, fmt.Errorf("objstore: put %s: %w", name, err)
	}
	return o, nil
}

func (l *Local) put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (_ Object, err error) {
	f, temp, err := l.temp()
	if err != nil {
		return Object{}, mark(err)
	}
	defer func() {
		closeErr := f.Close()
		if err != nil {
			err = errors.Join(err, l.unlink(temp))
		} else if closeErr != nil {
			err = mark(closeErr)
		}
	}()
	if err := write(fileWriter{f}); err != nil {
		return Object{}, err
	}
	if err := f.Sync(); err != nil {
		return Object{}, mark(err)
	}
	if err := ctx.Err(); err != nil {
		return Object{}, err // nothing becomes visible for a caller who has left
	}
	return l.swap(f, temp, name, when)
}

// swap makes the temporary file the object, if the precondition holds.
func (l *Local) swap(f *os.File, temp, name string, when Precondition) (Object, error) {
	unlock, err := l.lock()
	if err != nil {
		return Object{}, mark(err)
	}
	made, info, err := l.rename(f, temp, name, when)
	if err := errors.Join(err, unlock()); err != nil {
		return Object{}, err
	}
	dir := path.Dir(name)
	for {
		if err := l.syncDir(dir); err != nil && !absent(err) { // absent: removed again already
			return Object{}, mark(err)
		}
		if !made || dir == "." {
			return l.object(name, info), nil
		}
		dir = path.Dir(dir)
	}
}

// rename does the part of swap that needs the lock. made says that folders had
// to be made, so that theirs have to be synced as well.
func (l *Local) rename(f *os.File, temp, name string, when Precondition) (made bool, info fs.FileInfo, err error) {
	old, err := l.root.Lstat(name)
	if err != nil && !absent(err) {
		return false, nil, mark(err)
	}
	exists := err == nil
	if exists && old.IsDir() {
		return false, nil, fmt.Errorf("%w: a folder of that name is there", ErrUnwritable)
	}
	if when.Absent && exists {
		return false, nil, ErrPrecondition
	}
	if when.Generation != "" && (!exists || generation(old) != when.Generation) {
		return false, nil, ErrPrecondition
	}
	if info, err = l.stamp(f, temp, old); err != nil {
		return false, nil, mark(err)
	}
	if dir := path.Dir(name); dir != "." {
		if _, err := l.root.Stat(dir); err != nil {
			made = true
			if err := l.root.MkdirAll(dir, dirMode); err != nil {
				return false, nil, mark(err)
			}
		}
	}
	if err := l.root.Rename(temp, name); err != nil {
		return false, nil, mark(err)
	}
	return made, info, nil
}

// stamp gives the new file a time of change after the old one's. File systems
// count time in ticks of milliseconds and reuse inodes, so without it two
// writes of equal size could share a generation.
func (l *Local) stamp(f *os.File, temp string, old fs.FileInfo) (fs.FileInfo, error) {
	at := time.Now()
	if old != nil && !at.After(old.ModTime()) {
		at = old.ModTime().Add(time.Nanosecond)
	}
	for {
		if err := l.root.Chtimes(temp, at, at); err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err != nil || old == nil || info.ModTime().After(old.ModTime()) {
			return info, err
		}
		at = at.Add(time.Second) // a file system of whole seconds
	}
}

// Remove implements Store. Folders that become empty go too.
func (l *Local) Remove(ctx context.Context, names ...string) (err error) {
	if len(names) == 0 {
		return nil
	}
	unlock, err := l.lock()
	if err != nil {
		return fmt.Errorf("objstore: remove: %w", mark(err))
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, name := range names {
		if err := check(name); err != nil {
			return fmt.Errorf("objstore: remove: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("objstore: remove %s: %w", name, err)
		}
		if err := l.remove(name); err != nil {
			return fmt.Errorf("objstore: remove %s: %w", name, err)
		}
	}
	return nil
}

func (l *Local) remove(name string) error {
	info, err := l.root.Lstat(name)
	if absent(err) || err == nil && info.IsDir() {
		return nil
	}
	if err != nil {
		return mark(err)
	}
	if err := l.unlink(name); err != nil {
		return err
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if l.root.Remove(dir) != nil { // not empty, as a rule; an empty folder does no harm
			return nil
		}
	}
	return nil
}

func (l *Local) unlink(name string) error {
	if err := l.root.Remove(name); err != nil && !absent(err) {
		return mark(err)
	}
	return nil
}

// temp makes a file in scratch and locks it, which tells sweep that its writer
// lives.
func (l *Local) temp() (f *os.File, name string, err error) {
	if err := l.root.MkdirAll(scratch, dirMode); err != nil {
		return nil, "", err
	}
	name = scratch + "/" + rand.Text()
	f, err = l.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, "", err
	}
	if err := flock(f); err != nil {
		return nil, "", errors.Join(err, f.Close(), l.unlink(name))
	}
	return f, name, nil
}

// sweep removes what dead processes left in scratch. It is housekeeping: what
// cannot be removed now is tried again by the next NewLocal.
func (l *Local) sweep() {
	entries, err := l.entries(scratch)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := path.Join(scratch, e.Name())
		info, err := l.root.Lstat(name)
		if err != nil || name == lockName || !info.Mode().IsRegular() || time.Since(info.ModTime()) < leftover {
			continue
		}
		f, err := l.root.Open(name)
		if err != nil {
			continue
		}
		if tryFlock(f) {
			_ = l.unlink(name)
		}
		f.Close()
	}
}

// lock waits for the store's lock. A process that dies gives it back.
func (l *Local) lock() (unlock func() error, err error) {
	if err := l.root.MkdirAll(scratch, dirMode); err != nil {
		return nil, err
	}
	f, err := l.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

func (l *Local) syncDir(dir string) error {
	f, err := l.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// fileWriter hides everything of the file but Write: some encoders close or
// seek whatever they can.
type fileWriter struct{ f *os.File }

func (w fileWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = mark(err)
	}
	return n, err
}
