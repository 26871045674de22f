//go:build unix

package objstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// generation tells one edition of a file from another: when it was changed, how
// long it is, and which file it is.
func generation(info fs.FileInfo) string {
	var inode uint64
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return fmt.Sprintf("%x-%x-%x", info.ModTime().UnixNano(), info.Size(), inode)
}

// flock waits until no other open file holds the lock of this one.
func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return &fs.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// tryFlock reports whether nobody else holds the file's lock.
func tryFlock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// absent reports whether err says that there is no such file. A file where a
// folder is looked for means that as well.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// mark adds the sentinel that a failure to write stands for.
func mark(err error) error {
	var sentinel error
	switch {
	case err == nil || errors.Is(err, ErrFull) || errors.Is(err, ErrUnwritable):
		return err
	case isAny(err, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG):
		sentinel = ErrFull
	case isAny(err, syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.ENOTDIR, syscall.ENOENT):
		sentinel = ErrUnwritable
	default:
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

func isAny(err error, codes ...syscall.Errno) bool {
	return slices.ContainsFunc(codes, func(c syscall.Errno) bool { return errors.Is(err, c) })
}
