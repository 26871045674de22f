//go:build !faults

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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
	if faulty {
		t.Error("this build says that it fails on purpose")
	}
}

// The build without DuckDB says what it is, and what to do, when it is asked
// for DuckDB. As everything that people run, it does not hear of faults.
func TestLite(t *testing.T) {
	lite := buildLite(t)
	binary, err := os.ReadFile(lite)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(binary, []byte("TAPLINE_FAULTS")) {
		t.Error("TAPLINE_FAULTS is in the binary")
	}
	out, err := exec.CommandContext(t.Context(), lite, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "not in this build (lite)") {
		t.Errorf("version: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), lite, "run", "-c", filepath.Join("testdata", "shop.yaml"))
	cmd.Env = append(os.Environ(), "CT_URL=http://127.0.0.1:1", "CT_ACCOUNT_ID=an-account", "CT_PASSCODE=a-passcode",
		"TAPLINE_STAGE="+t.TempDir(), "TAPLINE_STATE="+filepath.Join(t.TempDir(), "state.db"))
	out, err = cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "this is tapline-lite") {
		t.Errorf("run: %v\n%s", err, out)
	}
}

func buildLite(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tapline-lite")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "noduckdb", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
