package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
)

// What doctor takes for enough.
const (
	diskEnough = 2 << 30 // bytes: a run stages what it loads
	farPast    = "2026-01-01"
)

func newDoctor(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "Is this machine fit to run tapline?", Args: cobra.NoArgs,
		Long: `doctor looks at the build, the configuration and its secrets, the folders, the disk,
the clock, the time zones and file locks. It asks no source and no warehouse: for
those there is tapline check.`,
	}
	cmd.RunE = a.does(func(ctx context.Context, _ []string) (view, error) {
		f := &findings{}
		f.add(checkBuild())
		p, err := a.project(cmd)
		if err != nil {
			f.add(a.bad("config", err))
		} else {
			f.add(good("config", p.cfg.Path))
			p.checkSecrets(ctx, f)
			f.add(p.checkStage(ctx))
			f.add(p.checkState(ctx))
			a.checkRoom(f, p.cfg.Settings.Stage)
		}
		f.add(checkClock(time.Now()))
		f.add(a.checkZones())
		return f, f.failed(errDoctor)
	})
	return cmd
}

func checkBuild() finding {
	b := thisBuild()
	if b.Lite {
		return finding{Status: findingWarn, What: "build", Detail: b.Version + " " + b.Go + ", lite: without DuckDB",
			Fix: "use the full build to load into DuckDB"}
	}
	return good("build", fmt.Sprintf("%s %s, DuckDB %s", b.Version, b.Go, b.DuckDB))
}

// checkSecrets decodes every section that a pipeline uses, which looks up what
// it refers to.
func (p *project) checkSecrets(ctx context.Context, f *findings) {
	for _, pl := range p.cfg.Pipelines {
		what := "secrets of pipeline " + pl.Name
		s, err := p.source(ctx, pl, 0)
		if err != nil {
			f.add(p.a.bad(what, err))
			continue
		}
		p.closeSource(s)
		if _, err := p.loaderConfig(pl); err != nil {
			f.add(p.a.bad(what, err))
			continue
		}
		f.add(good(what, "resolved"))
	}
}

// checkRoom looks at the disk that a run writes to: that of a stage in a
// folder, or that of the copies of what is in a bucket.
func (a *app) checkRoom(f *findings, s config.Stage) {
	if s.Remote() {
		f.add(a.checkDisk("disk for temporary files", os.TempDir()))
		return
	}
	dir := strings.TrimPrefix(s.URL, "file://")
	f.add(a.checkDisk("disk below the stage", dir))
	f.add(a.checkLocks(dir))
}

// checkDisk looks at the file system of the nearest folder that is there.
func (a *app) checkDisk(what, path string) finding {
	var fs syscall.Statfs_t
	for {
		err := syscall.Statfs(path, &fs)
		if err == nil {
			break
		}
		parent := filepath.Dir(path)
		if parent == path {
			return a.bad(what, fmt.Errorf("%w: %w", errUnwritable, err))
		}
		path = parent
	}
	free := int64(fs.Bavail) * int64(fs.Bsize) //nolint:unconvert // the types differ between systems
	if free < diskEnough {
		return a.bad(what, fmt.Errorf("%w: %s are free, %s are wanted", errNoSpace, size(free), size(diskEnough)))
	}
	return good(what, size(free)+" free")
}

// checkLocks tries whether the stage's file system keeps two processes apart.
// Some network file systems say yes to everybody.
func (a *app) checkLocks(dir string) (result finding) {
	const what = "file locks"
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return a.bad(what, fmt.Errorf("%w: %w", errUnwritable, err))
	}
	defer func() {
		if err := os.Remove(f.Name()); err != nil {
			a.warn(err.Error())
		}
	}()
	defer func() { _ = f.Close() }() // an empty file
	second, err := os.Open(f.Name())
	if err != nil {
		return a.bad(what, err)
	}
	defer func() { _ = second.Close() }() // only locked
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return a.bad(what, fmt.Errorf("%w: the file system of the stage has no locks: %w", errUnwritable, err))
	}
	if syscall.Flock(int(second.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return a.bad(what, fmt.Errorf("%w: the file system of the stage gives one lock to two", errUnwritable))
	}
	return good(what, "keep processes apart")
}

// checkClock sees clocks that were never set: days are cut by them.
func checkClock(now time.Time) finding {
	if now.UTC().Format(time.DateOnly) < farPast {
		return finding{Status: findingFail, What: "clock", Detail: "it is " + now.Format(time.RFC3339) + " here",
			Fix: "set the clock, for example with timedatectl", err: errDoctor}
	}
	return good("clock", now.Format(time.RFC3339))
}

func (a *app) checkZones() finding {
	for _, zone := range []string{"Asia/Kolkata", "America/New_York", "UTC"} {
		if _, err := time.LoadLocation(zone); err != nil {
			return a.bad("time zones", err)
		}
	}
	return good("time zones", "known")
}
