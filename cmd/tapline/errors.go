package main

import (
	"context"
	"errors"
	"io/fs"

	"tapline/config"
	"tapline/exporter"
	"tapline/loader"
	"tapline/objstore"
	"tapline/warehouse"
)

// A failure is a kind of failure that people can look up: a stable code, what
// it means, what to do.
type failure struct {
	Code  string `json:"code"`
	Exit  int    `json:"exitCode"`
	Title string `json:"title"` // one sentence: what happened
	Fix   string `json:"fix"`   // a command, a key, or an act
	is    func(error) bool
}

// failures is the registry. The first entry of the worst exit code that knows
// an error names it.
func failures() []failure {
	return append(append(configFailures(), environmentFailures()...), runFailures()...)
}

func configFailures() []failure {
	return []failure{
		{"usage.command", exitUsage, "The command line is wrong.",
			"see tapline help", as[usageError]},
		{"config.missing", exitUsage, "There is no configuration file.",
			"name one with -c, or make one with: tapline init", isMissingConfig},
		{"config.invalid", exitUsage, "The configuration is wrong.",
			"correct the places named, then: tapline config validate", isConfig},
		{"config.kind", exitUsage, "This build cannot do what the configuration asks for.",
			"see tapline version for what this build holds", is(errKind)},
		{"config.unknown_name", exitUsage, "The configuration has nothing of that name.",
			"see tapline config show for the names", as[nameError]},
		{"config.names", exitUsage, "Two things would get one name, or a name is reserved.",
			"rename with columns: or table: in the pipeline", is(loader.ErrName)},
		{"config.window", exitUsage, "It is not clear which days to read.",
			"set since: in the pipeline, or give --since and --until", is(exporter.ErrWindow)},
		{"source.unknown_stream", exitUsage, "The source has no stream of that name.",
			"see tapline discover for what there is; names are case-sensitive", is(exporter.ErrUnknownStream)},
		{"init.exists", exitUsage, "Files would be overwritten.",
			"choose another folder, or give --force", is(errExists)},
		{"input.needed", exitUsage, "Something has to be answered, and nobody is there to ask.",
			"give the flag that the message names", is(errInput)},
		{"table.unknown", exitUsage, "The warehouse has no table of that name.",
			"see tapline tables for the names", is(warehouse.ErrNotExist)},
		{"run.unknown", exitUsage, "The history has no run of that name.",
			"see tapline runs list", is(errNoRun)},
		{"source.ability", exitUsage, "This kind of source cannot do that.",
			"name the pipelines whose source can", is(errUnasked)},
		{"warehouse.ability", exitUsage, "This kind of warehouse cannot do that.",
			"use a warehouse of another kind", is(errAbility)},
	}
}

func environmentFailures() []failure {
	return []failure{
		{"store.unauthorized", exitEnvironment, "The store of objects refuses the credentials, or a right is missing.",
			"check the keys of the connection, or of stage:, and their rights on the bucket, then: tapline check", is(objstore.ErrUnauthorized)},
		{"store.no_bucket", exitEnvironment, "There is no such bucket or folder, or none that one is told of.",
			"check the url of the connection, or of stage:, and the credentials; tapline makes no buckets", is(objstore.ErrNoBucket)},
		{"store.unreachable", exitEnvironment, "The store of objects does not answer.",
			"check network, proxy and the endpoint of the connection or of stage:, then run again", is(objstore.ErrUnreachable)},
		{"api.unauthorized", exitEnvironment, "The source refuses the credentials, or they are for another region or account.",
			"check account, passcode and region of the connection, then: tapline check", is(exporter.ErrUnauthorized)},
		{"api.unreachable", exitEnvironment, "The source does not answer.",
			"check network, proxy and the connection's region or url, then run again", is(exporter.ErrUnreachable)},
		{"warehouse.locked", exitEnvironment, "Another program holds the database.",
			"close it there, or raise lock_wait of the connection; readers can use snapshot:", is(warehouse.ErrLocked)},
		{"warehouse.unauthorized", exitEnvironment, "The warehouse refuses the credentials, or a right is missing.",
			"check the connection's credentials and the rights on the place it names", is(warehouse.ErrUnauthorized)},
		{"warehouse.unreachable", exitEnvironment, "The warehouse does not answer, or its file cannot be opened.",
			"check the connection's path or address, then: tapline check", is(warehouse.ErrUnreachable)},
		{"env.disk_full", exitEnvironment, "There is no space left, or a quota is used up.",
			"make room, then run again: it goes on where it stopped", either(warehouse.ErrFull, objstore.ErrFull, errNoSpace)},
		{"env.not_writable", exitEnvironment, "A place that tapline must write to is not writable.",
			"check owner, rights and mount of the path named", either(objstore.ErrUnwritable, errUnwritable)},
		{"state.newer", exitEnvironment, "The run history was written by a newer tapline.",
			"use that version, or name another file under state: (history is all that is lost)", is(errStateNewer)},
		{"state.unreadable", exitEnvironment, "The run history cannot be read.",
			"remove the file under state:; history is all that is lost", is(errState)},
		{"doctor.failed", exitEnvironment, "Something this machine needs is missing.",
			"do what the lines marked FAIL say", is(errDoctor)},
	}
}

func runFailures() []failure {
	return []failure{
		{"warehouse.schema", exitFailed, "A table cannot hold what it is asked to hold.",
			"change or remove the pin under columns:, or add one; else rename the column there, or load into another table", is(warehouse.ErrSchema)},
		{"warehouse.conflict", exitFailed, "Another process loaded or changed the same thing meanwhile.",
			"run again: it sees what is loaded and goes on", is(warehouse.ErrConflict)},
		{"warehouse.count", exitFailed, "The table took another number of rows than were staged; nothing of it is visible.",
			"run again; if it stays, please report it with the output of tapline doctor", is(warehouse.ErrCount)},
		{"warehouse.pull", exitFailed, "The warehouse cannot read a file by itself, as via: asks.",
			"take via: out of the stream, and tapline reads the file, or do what the message says", either(warehouse.ErrPull, loader.ErrVia)},
		{"source.content", exitFailed, "A file is damaged, or not of the format that it was said to be.",
			"have it sent again under the same name: the next run takes it; or leave it out with ignore:", is(exporter.ErrContent)},
		{"source.replaced", exitFailed, "A file was replaced or deleted while it was read.",
			"run again: it takes what is there now", is(exporter.ErrReplaced)},
		{"api.not_ready", exitFailed, "The source has no result for it yet.",
			"run again later: it is asked for until it is there", is(exporter.ErrNotReady)},
		{"api.not_exportable", exitFailed, "The source lists the stream but does not give its rows.",
			"take it out of the pipeline", is(exporter.ErrNotExportable)},
		{"api.cursor_expired", exitFailed, "The source's cursor expired again and again.",
			"run again; fewer slices at once (--concurrency 1) make each faster", is(exporter.ErrCursorExpired)},
		{"verify.failed", exitFailed, "Rows are missing, doubled or too many.",
			"load the slices named again: tapline backfill PIPELINE --since DAY --until DAY", is(errVerify)},
		{"check.failed", exitFailed, "Not everything answers.",
			"do what the lines marked FAIL say", is(errCheck)},
		{"run.failed", exitFailed, "The run failed.",
			"run again: it goes on where it stopped; -vv tells more", func(error) bool { return false }},
		{"run.held", exitLook, "A load waits for an earlier slice of its table that failed.",
			"mend what befell the earlier slice, then run again", is(loader.ErrHeld)},
		{"run.quarantine_limit", exitLook, "More rows were quarantined than max_quarantined allows; nothing of the load is visible.",
			"read the reasons in the message, then mend the source, pin types with columns:, or raise the limit", is(loader.ErrLimit)},
		{"verify.source", exitLook, "The source counts other numbers of rows than are loaded.",
			"load the days named again: tapline backfill PIPELINE --since DAY --until DAY; if they stay, the source's counts are estimates: raise --tolerance", is(errDiffers)},
		{"run.late", exitLook, "Files that should have come have not.",
			"ask whoever sends them (a vendor's export may have stopped); expect: in the pipeline says when they should come", as[lateError]},
		{"run.views", exitLook, "A view of the configuration cannot be made; what is loaded stays, and an older view of that name too.",
			"correct its SQL under views:, then run again", as[*viewsError]},
		{"run.busy", exitBusy, "Another run holds the pipeline.",
			"let it finish, or wait for it with --wait-lock", is(loader.ErrBusy)},
		{"run.interrupted", exitInterrupted, "Stopped as asked; what was read is kept.",
			"run again: it goes on where it stopped", either(errInterrupted, context.Canceled)},
	}
}

// Errors of this package, for classify.
var (
	errKind       = errors.New("not in this build")
	errExists     = errors.New("exists already")
	errInput      = errors.New("no answer")
	errNoRun      = errors.New("no such run")
	errAbility    = errors.New("not supported")
	errUnwritable = errors.New("not writable")
	errNoSpace    = errors.New("too little space")
	errVerify     = errors.New("not proven")
	errDiffers    = errors.New("the source counts otherwise")
	errUnasked    = errors.New("the source cannot be asked")
	errCheck      = errors.New("check failed")
	errDoctor     = errors.New("not ready")
)

// classify finds what kind of failure err is. An error that nobody knows made
// the run fail, and running again is what helps most often.
func classify(err error) failure {
	var found, fallback failure
	for _, f := range failures() {
		if f.Code == "run.failed" {
			fallback = f
		}
		if f.is(err) && (found.Code == "" || found.Exit != f.Exit && worse(found.Exit, f.Exit) == f.Exit) {
			found = f
		}
	}
	if found.Code == "" {
		return fallback
	}
	return found
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func either(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
}

func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func isConfig(err error) bool { return as[*config.Error](err) }

func isMissingConfig(err error) bool {
	var e *config.Error
	return errors.As(err, &e) && e.Line == 0 && errors.Is(e, fs.ErrNotExist)
}
