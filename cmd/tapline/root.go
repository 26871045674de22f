package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Values of --output.
const (
	outputText = "text"
	outputJSON = "json"
)

// flags are those that every command knows, with one meaning.
type flags struct {
	config     string
	output     string
	quiet      bool
	verbose    int // how often -v was given
	logFormat  string
	noColor    bool
	noProgress bool
}

func (f flags) check() error {
	if f.output != outputText && f.output != outputJSON {
		return fmt.Errorf("--output %q: want text or json", f.output)
	}
	if f.logFormat != "" && f.logFormat != outputText && f.logFormat != outputJSON {
		return fmt.Errorf("--log-format %q: want text or json", f.logFormat)
	}
	if f.quiet && f.verbose > 0 {
		return errors.New("--quiet and --verbose exclude each other")
	}
	return nil
}

// newRoot returns the whole command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "tapline",
		Short: "Vendors' data as tables that a BI tool can ask: exactly once",
		Long: `tapline takes what a vendor knows and makes it rows that a BI tool can ask for:
exactly once, on time, from one binary.

  tapline demo              a server, 200,000 events and a database, in seconds
  tapline init              a tapline.yaml of your own
  tapline check             does everything answer?
  tapline plan              what would a run do?
  tapline run               do it`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w%s", err, nearestFlag(cmd, err))
	})
	f := root.PersistentFlags()
	f.StringVarP(&a.flags.config, "config", "c", "", "configuration file (default: tapline.yaml)")
	f.StringVarP(&a.flags.output, "output", "o", outputText, "text or json: one object on stdout")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "print failures only")
	f.CountVarP(&a.flags.verbose, "verbose", "v", "log each load; -vv logs every detail")
	f.StringVar(&a.flags.logFormat, "log-format", "", "text or json: log lines on stderr")
	f.BoolVar(&a.flags.noColor, "no-color", false, "no colours (also: NO_COLOR, TERM=dumb)")
	f.BoolVar(&a.flags.noProgress, "no-progress", false, "no progress bars")
	for _, new := range commands {
		root.AddCommand(new(a))
	}
	addHelp(a, root)
	return root
}

// commands are all commands, in the order of the help.
var commands = []func(*app) *cobra.Command{
	newInit, newCheck, newDiscover, newPreview, newPlan, newRun, newBackfill, newRuns, newTables,
	newVerify, newFiles, newQuarantine, newDocs, newConfig, newDemo, newDoctor, newVersion, newCompletion,
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := nearest(args[0], childNames(cmd)); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("unknown command %q%s", args[0], hint)
}

// commandName is what the envelope calls the command: "runs list".
func commandName(cmd *cobra.Command) string {
	if cmd == nil || !cmd.HasParent() {
		return "help"
	}
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// asksForJSON looks for -o json by itself, for the case that the command line
// could not be read.
func asksForJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "--":
			return false
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			return i+1 < len(args) && args[i+1] == outputJSON
		}
	}
	return false
}

// listing returns a group that, without a subcommand, is its first: its list.
func listing(use, short string, list *cobra.Command, others ...*cobra.Command) *cobra.Command {
	cmd := group(use, short, append([]*cobra.Command{list}, others...)...)
	cmd.Flags().AddFlagSet(list.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		list.SetContext(cmd.Context())
		return list.RunE(list, nil)
	}
	return cmd
}

// group returns a command that only holds others.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: unknownCommand, RunE: func(cmd *cobra.Command, _ []string) error {
		return fmt.Errorf("%s: which of %s?", cmd.Name(), strings.Join(childNames(cmd), ", "))
	}}
	cmd.AddCommand(children...)
	return cmd
}

func childNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	slices.Sort(names)
	return names
}
