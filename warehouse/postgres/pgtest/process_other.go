//go:build !linux

package pgtest

import "syscall"

// dieWithParent is for Linux alone; elsewhere tests that are killed leave a server.
func dieWithParent(*syscall.SysProcAttr) {}
