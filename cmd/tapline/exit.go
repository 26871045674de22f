package main

import (
	"errors"
	"slices"
	"strings"

	"tapline/exporter"
	"tapline/loader"
)

// Exit codes. Cron jobs and schedulers build on them: their meaning stays.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitLook        = 4
	exitBusy        = 5
	exitChanges     = 6
	exitInterrupted = 130
)

// worst orders exit codes for the case that several things went wrong: what
// has to be mended first comes first.
var worst = []int{exitInterrupted, exitUsage, exitEnvironment, exitFailed, exitLook, exitBusy, exitDone}

func worse(a, b int) int {
	for _, code := range worst {
		if a == code || b == code {
			return code
		}
	}
	return exitFailed
}

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var runs manyErrors
	var run *runError
	var found *findingsError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, new(interruptedError)):
		return exitInterrupted
	case errors.As(err, &runs):
		code := exitDone
		for _, e := range runs {
			code = worse(code, exitCode(e))
		}
		return code
	case errors.As(err, &run):
		return run.exitCode()
	case errors.As(err, &found):
		code := exitDone
		for _, e := range found.errs {
			code = worse(code, exitCode(e))
		}
		return code
	}
	return classify(err).Exit
}

// An interruptedError says that a person or the system stopped the command.
type interruptedError struct{ err error }

func (e interruptedError) Error() string { return errInterrupted.Error() + ": " + e.err.Error() }
func (e interruptedError) Unwrap() error { return e.err }

// A runError says which slices of a pipeline are not loaded though others were
// tried.
type runError struct {
	pipeline string
	failures []loader.Failure
	loaded   int // slices that this run did load
	there    int // slices that an earlier run did
}

func (e *runError) Error() string {
	if len(e.failures) == 1 {
		f := e.failures[0]
		return strings.TrimSpace(f.Stream+" "+f.Slice) + ": " + f.Err.Error()
	}
	return plural(int64(len(e.failures)), "slice") + " of pipeline " + e.pipeline + " failed"
}

// exitCode is the worst of the failures. When others were loaded it is milder:
// the pipeline runs, and someone should look. So it is when the source refuses
// some streams to credentials that are good for others.
func (e *runError) exitCode() int {
	code := exitDone
	for _, f := range e.failures {
		one := exitCode(f.Err)
		if e.loaded+e.there > 0 && errors.Is(f.Err, exporter.ErrUnauthorized) {
			one = exitLook
		}
		code = worse(code, one)
	}
	if code == exitFailed && e.loaded > 0 {
		return exitLook
	}
	return code
}

// A lateError says that a run loaded all there was, and that more should have
// been there.
type lateError struct {
	pipeline string
	late     []loader.Notice
}

func (e lateError) Error() string {
	if len(e.late) == 1 {
		return "pipeline " + e.pipeline + " is late: " + e.late[0].Text
	}
	return "pipeline " + e.pipeline + " is late: " + plural(int64(len(e.late)), "stream") + " without a new file"
}

// manyErrors are what became of several pipelines, and of views.
type manyErrors []error

func (e manyErrors) Error() string {
	if slices.ContainsFunc(e, as[*viewsError]) {
		return plural(int64(len(e)), "failure")
	}
	return plural(int64(len(e)), "pipeline") + " failed"
}

// together is nil, the only error, or all of them.
func together(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return manyErrors(errs)
}

// A usageError says that the command line is wrong.
type usageError struct {
	err  error
	help string // the command that tells more: "tapline run --help"
}

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }
