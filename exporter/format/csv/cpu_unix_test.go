//go:build unix

package csv

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is what this process has used so far: on a machine that others use
// as well, the clock on the wall measures them.
func cpuTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
