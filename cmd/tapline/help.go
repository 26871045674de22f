package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

const exitTopic = `0    done, or nothing to do
1    a run failed; run again, it goes on where it stopped
2    the command line or the configuration is wrong; nothing was started
3    environment: network, credentials, rights, quota, disk
4    finished, but someone should look: some slices failed or were refused and
     others are loaded, more rows were quarantined than allowed, files are late,
     or a view fails
5    another run holds the work
6    plan --detailed-exitcode: a run would change something
130  interrupted: what was read is kept

When several things go wrong the first of 130, 2, 3, 1, 4, 5 counts.
`

const environmentTopic = `TAPLINE_CONFIG   the configuration file, as -c
TAPLINE_STAGE    where parts are staged, as stage: in the file
TAPLINE_STATE    where the run history is kept, as state: in the file
TAPLINE_*        the other settings of the file, in capitals
NO_COLOR         no colours, whatever its value; TERM=dumb does the same
HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                 the proxy that sources are asked through

Secrets come from wherever the file says: ${env:NAME} or ${file:/path}.
A flag wins over the environment, the environment over the file.
`

// addHelp adds the help command with its topics, and makes help a result like
// any other: one object under -o json.
func addHelp(a *app, root *cobra.Command) {
	plain := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		a.command = strings.TrimSuffix("help "+commandName(cmd), " help")
		var b strings.Builder
		cmd.SetOut(&b)
		plain(cmd, args)
		a.result = text(b.String())
	})
	help := &cobra.Command{
		Use: "help [command | exit-codes | environment | errors [CODE]]", Short: "More about a command or a topic",
	}
	help.RunE = a.does(func(_ context.Context, args []string) (view, error) {
		return helpAbout(a, root, args)
	})
	root.SetHelpCommand(help)
}

func helpAbout(a *app, root *cobra.Command, args []string) (view, error) {
	if len(args) == 0 {
		return nil, root.Help()
	}
	switch args[0] {
	case "exit-codes":
		return text(exitTopic), nil
	case "environment":
		return text(environmentTopic), nil
	case "errors":
		return helpErrors(args[1:])
	}
	cmd, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil, usageError{fmt.Errorf("no help about %q; topics are exit-codes, environment and errors", strings.Join(args, " ")), root.Name() + " help"}
	}
	if err := cmd.Help(); err != nil {
		return nil, err
	}
	return a.result, nil
}

// errorList is the registry, for people and for programs.
type errorList struct {
	Errors []failure `json:"errors"`
}

func helpErrors(codes []string) (view, error) {
	all := failures()
	if len(codes) == 0 {
		slices.SortFunc(all, func(a, b failure) int { return strings.Compare(a.Code, b.Code) })
		return errorList{all}, nil
	}
	var names []string
	for _, f := range all {
		if f.Code == codes[0] {
			return errorList{[]failure{f}}, nil
		}
		names = append(names, f.Code)
	}
	hint := ""
	if near := nearest(codes[0], names); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return nil, usageError{fmt.Errorf("no error has the code %q%s", codes[0], hint), "tapline help errors"}
}

// Text implements view.
func (l errorList) Text(p *printer) {
	for i, f := range l.Errors {
		if i > 0 {
			p.line("")
		}
		p.line("%s  (exit code %d)", f.Code, f.Exit)
		p.line("  what  %s", f.Title)
		p.line("  fix   %s", f.Fix)
	}
}
