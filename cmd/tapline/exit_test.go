package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"tapline/config"
	"tapline/exporter"
	"tapline/loader"
	"tapline/objstore"
	"tapline/warehouse"
)

// examples has an error for every code of the registry, as it really comes:
// wrapped, and typed where the contract has a type.
func examples() map[string]error {
	wrap := func(err error) error { return fmt.Errorf("clevertap: export Charged 2026-09-01: %w", err) }
	return map[string]error{
		"usage.command":          usageError{errors.New("unknown flag: --x"), "tapline run --help"},
		"config.missing":         missingConfig(),
		"config.invalid":         config.Errors{{File: "tapline.yaml", Line: 3, Column: 5, What: "unknown key"}},
		"config.kind":            wrap(errKind),
		"config.unknown_name":    wrap(nameError("no pipeline is called \"x\"")),
		"config.names":           wrap(loader.ErrName),
		"config.window":          wrap(exporter.ErrWindow),
		"source.unknown_stream":  wrap(exporter.ErrUnknownStream),
		"init.exists":            wrap(errExists),
		"input.needed":           wrap(errInput),
		"table.unknown":          wrap(warehouse.ErrNotExist),
		"run.unknown":            wrap(errNoRun),
		"warehouse.ability":      wrap(errAbility),
		"api.unauthorized":       wrap(exporter.ErrUnauthorized),
		"api.unreachable":        wrap(exporter.ErrUnreachable),
		"warehouse.locked":       wrap(warehouse.ErrLocked),
		"warehouse.unauthorized": wrap(warehouse.ErrUnauthorized),
		"warehouse.unreachable":  wrap(warehouse.ErrUnreachable),
		"env.disk_full":          fmt.Errorf("objstore: put x: %w: %w", objstore.ErrFull, syscall.ENOSPC),
		"env.not_writable":       fmt.Errorf("objstore: put x: %w: %w", objstore.ErrUnwritable, syscall.EACCES),
		"state.newer":            fmt.Errorf("%w: %w", errState, errStateNewer),
		"state.unreadable":       wrap(errState),
		"doctor.failed":          wrap(errDoctor),
		"warehouse.schema":       wrap(&warehouse.SchemaError{Table: "t", Column: "c", Have: "int64", Want: "string"}),
		"warehouse.conflict":     wrap(warehouse.ErrConflict),
		"warehouse.count":        wrap(warehouse.ErrCount),
		"store.unauthorized":     wrap(objstore.ErrUnauthorized),
		"store.no_bucket":        wrap(objstore.ErrNoBucket),
		"store.unreachable":      fmt.Errorf("bucket: %w: %w", objstore.ErrUnreachable, exporter.ErrUnreachable),
		"warehouse.pull":         wrap(warehouse.ErrPull),
		"source.content":         wrap(exporter.ErrContent),
		"source.replaced":        wrap(exporter.ErrReplaced),
		"run.late":               wrap(lateError{"p", []loader.Notice{{Stream: "files/*", Text: "no file has come"}}}),
		"run.views":              &viewsError{"bi", []viewFailure{{"orders_daily", warehouse.ErrQuery}}},
		"api.not_ready":          wrap(exporter.ErrNotReady),
		"api.not_exportable":     wrap(exporter.ErrNotExportable),
		"api.cursor_expired":     wrap(exporter.ErrCursorExpired),
		"verify.source":          wrap(errDiffers),
		"source.ability":         wrap(errUnasked),
		"verify.failed":          wrap(errVerify),
		"check.failed":           wrap(errCheck),
		"run.failed":             errors.New("something that nobody knows"),
		"run.held":               wrap(loader.ErrHeld),
		"run.quarantine_limit":   wrap(loader.ErrLimit),
		"run.busy":               &loader.BusyError{Pipeline: "p"},
		"run.interrupted":        wrap(context.Canceled),
	}
}

func missingConfig() error {
	_, err := config.Load("testdata/there-is-no-such-file.yaml", config.Options{})
	return err
}

func TestRegistry(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	seen := map[string]bool{}
	for _, f := range failures() {
		if !form.MatchString(f.Code) || seen[f.Code] {
			t.Errorf("code %q: malformed or twice", f.Code)
		}
		seen[f.Code] = true
		if !strings.HasSuffix(f.Title, ".") || f.Fix == "" || strings.HasSuffix(f.Fix, ".") {
			t.Errorf("%s: the title is a sentence, the fix is not: %q, %q", f.Code, f.Title, f.Fix)
		}
		err, ok := examples()[f.Code]
		if !ok {
			t.Errorf("%s has no example", f.Code)
			continue
		}
		r := newReport(err, func(s string) string { return s })
		if r.Code != f.Code || r.ExitCode != f.Exit {
			t.Errorf("%v is reported as %s (%d), want %s (%d)", err, r.Code, r.ExitCode, f.Code, f.Exit)
		}
	}
	for code := range examples() {
		if !seen[code] {
			t.Errorf("%s is not in the registry", code)
		}
	}
}

func TestExitCode(t *testing.T) {
	failed := func(errs ...error) *runError {
		r := &runError{pipeline: "p"}
		for _, err := range errs {
			r.failures = append(r.failures, loader.Failure{Stream: "s", Slice: "d", Table: "t", Err: err})
		}
		return r
	}
	some := func(r *runError) *runError { r.loaded = 3; return r }
	plain, full, held := errors.New("x"), objstore.ErrFull, loader.ErrHeld
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing failed", nil, 0},
		{"nothing loaded", failed(plain), 1},
		{"some loaded", some(failed(plain)), 4},
		{"some loaded, disk full", some(failed(plain, full)), 3},
		{"held behind a failure, nothing loaded", failed(plain, held), 1},
		{"held behind a failure, some loaded", some(failed(plain, held)), 4},
		{"some refused, some loaded", some(failed(exporter.ErrUnauthorized, exporter.ErrUnauthorized)), 4},
		{"some refused, the rest loaded before", &runError{failures: failed(exporter.ErrUnauthorized).failures, there: 2}, 4},
		{"refused, nothing loaded", failed(exporter.ErrUnauthorized), 3},
		{"some refused, disk full", some(failed(exporter.ErrUnauthorized, full)), 3},
		{"over the limit, nothing loaded", failed(loader.ErrLimit), 4},
		{"two pipelines, one busy", manyErrors{&loader.BusyError{}, failed(plain)}, 1},
		{"two pipelines, both busy", manyErrors{&loader.BusyError{}, &loader.BusyError{}}, 5},
		{"two pipelines, one partly, one without network", manyErrors{some(failed(plain)), exporter.ErrUnreachable}, 3},
		{"two pipelines, one wrong", manyErrors{exporter.ErrUnreachable, exporter.ErrWindow}, 2},
		{"interrupted, whatever failed", interruptedError{failed(full)}, 130},
		{"wrapped", fmt.Errorf("pipeline p: %w", some(failed(plain))), 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := exitCode(c.err); got != c.want {
				t.Errorf("exit code %d, want %d", got, c.want)
			}
			if c.err == nil {
				return
			}
			if r := newReport(c.err, func(s string) string { return s }); r.ExitCode != c.want || r.Code == "" || r.Fix == "" {
				t.Errorf("reported as %+v", r)
			}
		})
	}
}

// The help page on exit codes names each of them.
func TestExitTopic(t *testing.T) {
	for _, code := range append([]int{exitChanges}, worst...) {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^%d\s`, code)).MatchString(exitTopic) {
			t.Errorf("help exit-codes does not explain %d", code)
		}
	}
}
