package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ownProcess names this process so that another can tell whether it still
// lives: machine and boot, id, and when it started, because ids are reused.
func ownProcess() string { return processName(os.Getpid()) }

func processName(pid int) string {
	return fmt.Sprintf("%s/%d/%s", machine(), pid, started(pid))
}

// processLives reports whether the process of that name runs. Of a process on
// another machine nothing is known, and it is taken to live.
func processLives(name string) bool {
	where, rest, ok := strings.Cut(name, "/")
	if !ok {
		return false
	}
	if host, _, _ := strings.Cut(where, "@"); host != hostname() {
		return true
	}
	if where != machine() {
		return false // this machine, before it was started again
	}
	var pid int
	if _, err := fmt.Sscanf(rest, "%d/", &pid); err != nil {
		return false
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	if err := p.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	return processName(pid) == name
}

func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return hostname() + "@" // a system that does not tell: host and id have to do
	}
	return hostname() + "@" + strings.TrimSpace(string(boot))
}

func hostname() string {
	h, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return strings.ReplaceAll(h, "/", "_")
}

// started is when the process started, in the kernel's ticks since boot, or ""
// on a system that does not tell.
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold spaces: count fields from its end.
	_, rest, ok := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	if fields := strings.Fields(rest); ok && len(fields) > 19 {
		if fields[0] == "Z" || fields[0] == "X" {
			return "ended" // and only its number is left, until somebody asks how
		}
		return fields[19]
	}
	return ""
}
