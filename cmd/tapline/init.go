package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
)

//go:embed init.yaml.tmpl
var initTemplate string

// answers are what init has to know.
type answers struct {
	// Source is the kind of source to ask, "" = none: the file is written
	// without asking.
	Source                string
	Region, URL, Timezone string // URL instead of a region
	Account               string // the id, or ${env:NAME}
	PasscodeEnv           string // the environment variable that holds the passcode
	Events                []string
	Since, Database       string
}

// Example is an event for what the file shows and does not load.
func (in answers) Example() string {
	if len(in.Events) > 0 && in.Events[0] != allEvents {
		return in.Events[0]
	}
	return "App Launched"
}

// allEvents stands for every event of the account.
const allEvents = "*"

func newInit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Write a tapline.yaml to start from",
		Long: `init writes tapline.yaml, .env.example and .gitignore: CleverTap events into a DuckDB
file. It asks what it has to know and no flag tells. Region and time zone are those
of the account: a wrong zone puts events on wrong days.

With --source clevertap it also asks the account: whether region and credentials are
right, and which events there are, with yesterday's counts, to choose from. The
passcode is looked up in the environment and written nowhere.`,
		Example: `  tapline init --source clevertap
  tapline init --no-input --region in1 --timezone Asia/Kolkata --event "Order Placed"`,
		Args: cobra.MaximumNArgs(1),
	}
	in := answers{Since: time.Now().UTC().AddDate(0, 0, -7).Format(time.DateOnly)}
	f := cmd.Flags()
	f.StringVar(&in.Source, "source", "", "ask the account first; clevertap is what can be asked")
	f.StringVar(&in.Region, "region", "", "the account's region: in1, sg1, us1, aps3, mec1, eu1 or sk1")
	f.StringVar(&in.URL, "url", "", "the API's address instead of a region, for proxies")
	f.StringVar(&in.Account, "account-id", "", "the account id, or where it is: ${env:CT_ACCOUNT_ID}")
	f.StringVar(&in.PasscodeEnv, "passcode-env", "", "the environment variable that holds the passcode, such as CT_PASSCODE")
	f.StringVar(&in.Timezone, "timezone", "", "the account's time zone, such as Asia/Kolkata")
	f.StringArrayVar(&in.Events, "event", nil, "an event to load, or * for all; may be given again")
	f.StringVar(&in.Since, "since", in.Since, "the first day to load")
	f.StringVar(&in.Database, "database", "bi.duckdb", "the DuckDB file")
	noInput := f.Bool("no-input", false, "ask nothing; needs --region and --timezone")
	force := f.Bool("force", false, "overwrite files that are there")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		dir := "."
		if len(args) == 1 {
			dir = args[0]
		}
		if err := mayWrite(dir, *force); err != nil {
			return nil, err
		}
		found, err := a.complete(ctx, &in, *noInput)
		if err != nil {
			return nil, err
		}
		return initialize(dir, in, found)
	})
	return cmd
}

func initError(err error) error { return usageError{err, "tapline init --help"} }

// mayWrite refuses a folder with files that init would overwrite.
func mayWrite(dir string, force bool) error {
	if force {
		return nil
	}
	for _, name := range []string{config.DefaultFile, envExample, gitIgnore} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s: %w", path, errExists)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", errUnwritable, err)
		}
	}
	return nil
}

// The files that init writes beside the configuration.
const envExample, gitIgnore = ".env.example", ".gitignore"

func initialize(dir string, in answers, found []listedEvent) (view, error) {
	var b strings.Builder
	t, err := template.New("init").Funcs(template.FuncMap{"quote": quoteYAML}).Parse(initTemplate)
	if err != nil {
		return nil, err
	}
	if err := t.Execute(&b, in); err != nil {
		return nil, err
	}
	written := initialized{Files: []string{}, Events: found, dir: dir, variables: in.variables(), asked: in.Source != ""}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	for _, f := range []struct{ name, content string }{
		{config.DefaultFile, b.String()},
		{envExample, "# Copy to .env, fill in, and load it into the environment. Never commit .env.\n" + strings.Join(written.variables, "=\n") + "=\n"},
		{gitIgnore, ".env\n.tapline/\n*.duckdb\n*.duckdb.wal\n"},
	} {
		name := filepath.Join(dir, f.name)
		if err := os.WriteFile(name, []byte(f.content), 0o644); err != nil {
			return written, fmt.Errorf("%w: %w", errUnwritable, err)
		}
		written.Files = append(written.Files, name)
	}
	return written, nil
}

// quoteYAML writes a text as a YAML scalar: JSON's strings are YAML's.
func quoteYAML(s string) string { return fmt.Sprintf("%q", s) }

// quoteShell writes a text as one word of a shell.
func quoteShell(s string) string {
	if strings.ContainsAny(s, " '\"$`\\&|;<>()*?[]#~!{}\t\n") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

type initialized struct {
	Files  []string      `json:"files"`
	Events []listedEvent `json:"events,omitempty"` // of the account, when it was asked

	dir       string
	variables []string // of the environment, that the file refers to
	asked     bool
}

// Text implements view.
func (i initialized) Text(p *printer) {
	if len(i.Events) > 0 {
		p.table(eventTable(i.Events))
	}
	for _, f := range i.Files {
		p.line("wrote %s", f)
	}
	next := "next: "
	if i.dir != "." {
		p.line("%scd %s", next, quoteShell(i.dir))
		next = "      "
	}
	if i.asked {
		p.line("%stapline plan && tapline run", next)
		return
	}
	p.line("%sexport %s", next, strings.Join(i.variables, "=... ")+"=...")
	p.line("      tapline check && tapline plan && tapline run")
}
