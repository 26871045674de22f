//go:build unix

package clevertap

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of an open file unless another open file has it, in
// this process or another. Closing the file gives it back.
func tryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}
