package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"tapline/config"
)

// An app is one call of tapline: its streams, its flags, and what it has to
// say at the end.
type app struct {
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	console  *os.File // stderr as it is, for what draws on it
	terminal terminal
	flags    flags
	log      *slog.Logger
	redact   func(string) string // replaces secrets; identity until the config is read

	config   *config.Config // once it is read; its warnings grow
	command  string         // the command that ran: "runs list"
	answers  *bufio.Reader  // of stdin, once something was asked
	result   view           // what it found out, also when it failed
	failed   error          // why it failed
	warnings []string       // what a person should know although it did not
	status   int            // an exit code that is no failure: changes pending
}

// newApp returns an app that talks through the streams given.
func newApp(stdin, stdout, stderr *os.File) *app {
	a := &app{stdin: stdin, stdout: stdout, console: stderr, redact: func(s string) string { return s }, log: slog.New(slog.DiscardHandler)}
	a.stderr = redactingWriter{a, stderr}
	a.terminal = terminalOf(stdin, stdout, stderr)
	return a
}

// execute runs the command line and returns the exit code. Under -o json it
// has written one object, whatever happened.
func (a *app) execute(ctx context.Context, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if a.command == "" {
		a.command = commandName(cmd)
	}
	if err != nil && a.failed == nil { // cobra's own errors are about the command line
		a.failed = usageError{err: err, help: cmd.CommandPath() + " --help"}
	}
	if asksForJSON(args) {
		a.flags.output = outputJSON // a flag error may have come before -o was read
	}
	if errors.Is(context.Cause(ctx), errInterrupted) && a.failed != nil {
		a.failed = interruptedError{a.failed}
	}
	return a.finish()
}

// action is what a command does. Its result is printed also beside an error.
type action func(ctx context.Context, args []string) (view, error)

// does makes cobra run the action and keep what comes of it for finish.
func (a *app) does(do action) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.command = commandName(cmd)
		if err := a.flags.check(); err != nil {
			return err
		}
		a.log = newLogger(a, config.Settings{})
		a.result, a.failed = do(cmd.Context(), args)
		return nil
	}
}

// allWarnings are those of the configuration, which looking up secrets adds to,
// and those of the command.
func (a *app) allWarnings() []string {
	all := []string{}
	if a.config != nil {
		for _, w := range a.config.Warnings() {
			all = append(all, a.redact(w.Error()))
		}
	}
	return append(all, a.warnings...)
}

// warn keeps something for people to read at the end: it fails nothing.
func (a *app) warn(text string) { a.warnings = append(a.warnings, a.redact(text)) }

// redactingWriter writes to w what no secret is in. Callers write whole lines.
type redactingWriter struct {
	a *app
	w io.Writer
}

func (r redactingWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(r.w, r.a.redact(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
