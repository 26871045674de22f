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
	"tapline/exporter"
	"tapline/exporter/clevertap"
)

//go:embed init.yaml.tmpl
var initTemplate string

// An answer set is what init has to know.
type answers struct {
	Region, Timezone, Event, Since, Database string
}

func newInit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Write a tapline.yaml to start from",
		Long: `init writes tapline.yaml, .env.example and .gitignore: CleverTap events into a DuckDB
file. It asks what it has to know and no flag tells. Region and time zone are those
of the account: a wrong zone puts events on wrong days.`,
		Args: cobra.MaximumNArgs(1),
	}
	in := answers{Since: time.Now().UTC().AddDate(0, 0, -7).Format(time.DateOnly)}
	f := cmd.Flags()
	f.StringVar(&in.Region, "region", "", "the account's region: in1, sg1, us1, aps3, mec1, eu1 or sk1")
	f.StringVar(&in.Timezone, "timezone", "", "the account's time zone, such as Asia/Kolkata")
	f.StringVar(&in.Event, "event", "", "the event to start with, or * for all")
	f.StringVar(&in.Since, "since", in.Since, "the first day to load")
	f.StringVar(&in.Database, "database", "bi.duckdb", "the DuckDB file")
	noInput := f.Bool("no-input", false, "ask nothing; needs --region and --timezone")
	force := f.Bool("force", false, "overwrite files that are there")
	cmd.RunE = a.does(func(_ context.Context, args []string) (view, error) {
		dir := "."
		if len(args) == 1 {
			dir = args[0]
		}
		if err := a.complete(&in, *noInput); err != nil {
			return nil, err
		}
		return initialize(dir, in, *force)
	})
	return cmd
}

// complete asks for what no flag has told. Region and time zone are nobody's to
// guess.
func (a *app) complete(in *answers, noInput bool) error {
	if noInput && (in.Region == "" || in.Timezone == "") {
		return initError(errors.New("--no-input needs --region and --timezone"))
	}
	for _, q := range []struct {
		field                    *string
		question, standard, flag string
		check                    func(string) error
	}{
		{&in.Region, "Which region is the CleverTap account in, such as in1? It begins the dashboard's address.", "", "--region", checkRegion},
		{&in.Timezone, "Which time zone do its settings show, such as Asia/Kolkata?", "", "--timezone", checkZone},
		{&in.Event, "Which event to load first? * is all of them.", "*", "--event", func(string) error { return nil }},
	} {
		if *q.field == "" && noInput {
			*q.field = q.standard
		}
		if *q.field == "" {
			answer, err := a.ask(q.question, q.standard, q.flag)
			if err != nil {
				return err
			}
			*q.field = answer
		}
		if err := q.check(*q.field); err != nil {
			return initError(err)
		}
	}
	return nil
}

func initError(err error) error { return usageError{err, "tapline init --help"} }

// checkRegion and checkZone ask the kind itself about one key, the others being
// in order.
func checkRegion(region string) error {
	if region == "" || region != strings.ToLower(region) {
		return fmt.Errorf("region: %q is none; it begins the dashboard's address, such as in1 or eu1", region)
	}
	return clevertap.Config{Region: region, Timezone: "UTC", AccountID: "-", Passcode: config.NewSecret("-")}.Validate()
}

func checkZone(zone string) error {
	return clevertap.Config{Timezone: zone, AccountID: "-", Passcode: config.NewSecret("-")}.Validate()
}

func initialize(dir string, in answers, force bool) (view, error) {
	if _, err := exporter.ParseDay(in.Since); err != nil {
		return nil, initError(fmt.Errorf("--since: %w", err))
	}
	var b strings.Builder
	t, err := template.New("init").Funcs(template.FuncMap{"quote": quoteYAML}).Parse(initTemplate)
	if err != nil {
		return nil, err
	}
	if err := t.Execute(&b, in); err != nil {
		return nil, err
	}
	files := []struct{ name, content string }{
		{config.DefaultFile, b.String()},
		{".env.example", "# Copy to .env, fill in, and load it into the environment. Never commit .env.\nCT_ACCOUNT_ID=\nCT_PASSCODE=\n"},
		{".gitignore", ".env\n.tapline/\n*.duckdb\n*.duckdb.wal\n"},
	}
	written := initialized{Files: []string{}, dir: dir}
	if !force {
		for _, f := range files {
			name := filepath.Join(dir, f.name)
			if _, err := os.Lstat(name); err == nil {
				return nil, fmt.Errorf("%s: %w", name, errExists)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("%w: %w", errUnwritable, err)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	for _, f := range files {
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
	Files []string `json:"files"`

	dir string
}

// Text implements view.
func (i initialized) Text(p *printer) {
	for _, f := range i.Files {
		p.line("wrote %s", f)
	}
	next := "next: "
	if i.dir != "." {
		p.line("%scd %s", next, quoteShell(i.dir))
		next = "      "
	}
	p.line("%sexport CT_ACCOUNT_ID=... CT_PASSCODE=...", next)
	p.line("      tapline check && tapline plan && tapline run")
}
