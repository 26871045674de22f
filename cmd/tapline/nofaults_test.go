//go:build !faults

package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What tests use to make tapline fail must not be in what people run.
func TestReleaseHoldsNoFaults(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.GoFiles}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range strings.Fields(strings.Trim(string(out), "[]\n")) {
		if strings.HasPrefix(file, "faults") {
			t.Errorf("%s is built without the tag faults", file)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	// Put together here, or this test would find itself.
	if name := strings.Join([]string{"TAPLINE", "FAULTS"}, "_"); bytes.Contains(binary, []byte(name)) {
		t.Errorf("%s is in the binary", name)
	}
	if faulty {
		t.Error("this build says that it fails on purpose")
	}
}
