package loader

import (
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// TestEndedProcessIsNotAlive: a holder that was killed is dead before its parent
// has asked how it ended.
func TestEndedProcessIsNotAlive(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Logf("%s does not tell", runtime.GOOS)
		return
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	me := ownLease("me", time.Now())
	theirs := me
	theirs.PID, theirs.Process = child.Process.Pid, processStart(child.Process.Pid)
	if !theirs.alive(me, time.Now()) {
		t.Error("a process that runs is not alive")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); theirs.alive(me, time.Now()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("a process that was killed is alive")
		}
	}
	_ = child.Wait() // it was killed
}
