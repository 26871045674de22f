package objstore

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
)

func TestMark(t *testing.T) {
	for code, want := range map[syscall.Errno]error{
		syscall.ENOSPC: ErrFull, syscall.EDQUOT: ErrFull,
		syscall.EACCES: ErrUnwritable, syscall.EROFS: ErrUnwritable, syscall.ENOTDIR: ErrUnwritable,
	} {
		err := mark(mark(&fs.PathError{Op: "write", Path: "x", Err: code}))
		if !errors.Is(err, want) || !errors.Is(err, code) {
			t.Errorf("%v became %v, want %v", code, err, want)
		}
	}
	if err := mark(syscall.EIO); errors.Is(err, ErrFull) || errors.Is(err, ErrUnwritable) {
		t.Errorf("EIO became %v", err)
	}
}
