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
file. It asks what it has to know, unless flags tell or --no-input is given.`,
		Args: cobra.MaximumNArgs(1),
	}
	in := answers{Since: time.Now().UTC().AddDate(0, 0, -7).Format(time.DateOnly)}
	f := cmd.Flags()
	f.StringVar(&in.Region, "region", "", "the account's region: in1, sg1, us1, aps3, mec1, eu1 or sk1")
	f.StringVar(&in.Timezone, "timezone", "", "the account's time zone, such as Asia/Kolkata")
	f.StringVar(&in.Event, "event", "", "the event to start with, or * for all")
	f.StringVar(&in.Since, "since", in.Since, "the first day to load")
	f.StringVar(&in.Database, "database", "bi.duckdb", "the DuckDB file")
	noInput := f.Bool("no-input", false, "ask nothing: take what is usual for what no flag tells")
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

// complete asks for what no flag has told.
func (a *app) complete(in *answers, noInput bool) error {
	for _, q := range []struct {
		field                    *string
		question, standard, flag string
	}{
		{&in.Region, "Which region is the CleverTap account in? It begins the dashboard's address.", "in1", "--region"},
		{&in.Timezone, "Which time zone do its settings show?", "Asia/Kolkata", "--timezone"},
		{&in.Event, "Which event to load first? * is all of them.", "*", "--event"},
	} {
		switch {
		case *q.field != "":
		case noInput:
			*q.field = q.standard
		default:
			answer, err := a.ask(q.question, q.standard, q.flag+", or --no-input")
			if err != nil {
				return err
			}
			*q.field = answer
		}
	}
	return nil
}

func initialize(dir string, in answers, force bool) (view, error) {
	if _, err := exporter.ParseDay(in.Since); err != nil {
		return nil, usageError{fmt.Errorf("--since: %w", err), "tapline init --help"}
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
	written := initialized{Files: []string{}}
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

type initialized struct {
	Files []string `json:"files"`
}

// Text implements view.
func (i initialized) Text(p *printer) {
	for _, f := range i.Files {
		p.line("wrote %s", f)
	}
	p.lines("next: export CT_ACCOUNT_ID=... CT_PASSCODE=...\n      tapline check && tapline plan && tapline run\n")
}
