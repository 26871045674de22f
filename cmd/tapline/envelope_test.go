package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/spf13/cobra"
)

// Every command, however it ends, writes exactly one object under -o json.
func TestEnvelope(t *testing.T) {
	paths := leaves(newRoot(newApp(os.Stdin, os.Stdout, os.Stderr)))
	if len(paths) < 20 {
		t.Fatalf("only %d commands: %q", len(paths), paths)
	}
	for _, path := range paths {
		for name, args := range map[string][]string{
			"usage":    append(slices.Clone(path), "--no-such-flag", "-o", "json"),
			"nothing":  append(slices.Clone(path), "-o", "json", "-c", "nothing.yaml"),
			"too many": append(slices.Clone(path), "-o=json", "-c", "nothing.yaml", "a", "b", "c"),
		} {
			if path[0] == "demo" && name == "nothing" {
				continue // it needs nothing, and takes its time: see demo.txtar
			}
			t.Run(name+"/"+filepath.Join(path...), func(t *testing.T) {
				t.Chdir(t.TempDir())
				code, stdout, stderr := call(t, args...)
				var e envelope
				dec := json.NewDecoder(stdout)
				dec.DisallowUnknownFields()
				if err := dec.Decode(&e); err != nil {
					t.Fatalf("stdout: %v", err)
				}
				if _, err := dec.Token(); !errors.Is(err, io.EOF) {
					t.Error("something follows the object")
				}
				if b, err := io.ReadAll(stderr); err != nil || len(b) > 0 {
					t.Errorf("stderr: %s %v", b, err)
				}
				if e.Schema != schemaName || e.Command == "" || e.Warnings == nil || e.OK != (e.Error == nil) || e.OK != (code == exitDone) {
					t.Errorf("exit code %d with %+v", code, e)
				}
				if e.Error != nil && e.Error.ExitCode != code {
					t.Errorf("exit code %d, and the object says %d", code, e.Error.ExitCode)
				}
			})
		}
	}
}

// leaves are the paths of all commands that do something themselves.
func leaves(cmd *cobra.Command) (paths [][]string) {
	for _, c := range cmd.Commands() {
		if !c.HasSubCommands() {
			paths = append(paths, []string{c.Name()})
		}
		for _, p := range leaves(c) {
			paths = append(paths, append([]string{c.Name()}, p...))
		}
	}
	return paths
}

// call runs the command line in this process.
func call(t *testing.T, args ...string) (code int, stdout, stderr *os.File) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		files[i] = f
	}
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	code = newApp(stdin, files[0], files[1]).execute(t.Context(), args)
	for _, f := range files {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	return code, files[0], files[1]
}
