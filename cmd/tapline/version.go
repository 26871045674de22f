package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set by the linker: -X main.release=v1.2.3.
var release = "dev"

// A build says what this binary is.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Changed bool   `json:"changed,omitempty"` // built from files that no commit holds
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	DuckDB  string `json:"duckdb,omitempty"`
	Lite    bool   `json:"lite"`
	Faults  bool   `json:"faults,omitempty"`
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Which tapline this is", Args: cobra.NoArgs,
		RunE: a.does(func(context.Context, []string) (view, error) { return thisBuild(), nil }),
	}
}

func thisBuild() build {
	b := build{Version: release, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		DuckDB: duckdbVersion(), Lite: lite, Faults: faulty}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Changed = s.Value == "true"
		}
	}
	return b
}

// Text implements view.
func (b build) Text(p *printer) {
	p.line("tapline %s", b.Version)
	if b.Commit != "" {
		p.line("commit  %s", b.Commit)
	}
	p.line("go      %s %s/%s", b.Go, b.OS, b.Arch)
	if b.Lite {
		p.line("duckdb  not in this build (lite)")
	} else {
		p.line("duckdb  %s", b.DuckDB)
	}
	if b.Faults {
		p.line("faults  this build fails on purpose: for tests only")
	}
}
