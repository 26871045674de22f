package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/warehouse"
)

//go:embed demo
var demoFiles embed.FS

const (
	demoPipeline  = "demo"
	demoRest      = "account" // the pipeline of what is neither events nor files
	demoMoment    = "moment"
	demoWarehouse = "bi"
	demoMark      = "# written by tapline demo" // how its tapline.yaml begins
)

func newDemo(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo [DIR]", Short: "A vendor, its events and files, a database and five questions, in seconds",
		Long: `demo starts a CleverTap account of its own on this machine, makes a folder of files as
the account drops them into a bucket, writes a tapline.yaml, loads a week of both
and everything else that the account tells into a DuckDB file, and asks it five
questions. Run it again: there is nothing to do but to ask who is there now. It
needs no network. DIR is tapline-demo unless named.`,
		Args: cobra.MaximumNArgs(1),
	}
	serve := cmd.Flags().Bool("serve", false, "keep the account answering until interrupted, to try other commands")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (_ view, err error) {
		dir := "tapline-demo"
		if len(args) == 1 {
			dir = args[0]
		}
		server := newDemoServer(time.Now)
		if err := server.Start("127.0.0.1:0"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, server.Close()) }()
		if a.flags.config, err = writeDemo(dir, server.URL); err != nil {
			return nil, err
		}
		result, err := a.demo(ctx, cmd, dir)
		if err != nil || !*serve {
			return result, err
		}
		return result, a.keepServing(ctx, server.URL, result)
	})
	return cmd
}

// demoShop is the data: the same on every machine and at any time.
func demoShop() *clevertaptest.Shop {
	return clevertaptest.DefaultShop(exporter.Day{Year: 2026, Month: time.September, Day: 8}, nil)
}

// newDemoServer returns the account as of the day after its data: profiles
// change as time goes by, and the demo's shall not.
func newDemoServer(clock func() time.Time) *clevertaptest.Server {
	shop, began := demoShop(), clock()
	then := shop.Until().Start(time.UTC).Add(6 * time.Hour)
	return clevertaptest.New(clevertaptest.Options{
		Data: shop, Now: func() time.Time { return then.Add(clock().Sub(began)) },
	})
}

// writeDemo writes the configuration and returns its path. A tapline.yaml that
// is not the demo's own is left alone.
func writeDemo(dir, url string) (path string, err error) {
	path = filepath.Join(dir, config.DefaultFile)
	before, err := os.ReadFile(path)
	switch {
	case err == nil && !strings.HasPrefix(string(before), demoMark):
		return "", fmt.Errorf("%s is not the demo's: %w", path, errExists)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: %w", errUnwritable, err)
	}
	t, err := template.New("tapline.yaml.tmpl").Funcs(template.FuncMap{"quote": quoteYAML}).ParseFS(demoFiles, "demo/tapline.yaml.tmpl")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	shop := demoShop()
	if err := t.Execute(&b, map[string]any{"URL": url, "Drop": demoDrop,
		"Since": shop.First.String(), "Lately": shop.Until().Add(-2).String(), "Until": shop.Until().String(),
		"People": somePeople(shop, 5)}); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("%w: %w", errUnwritable, err)
	}
	for name, content := range map[string]string{
		config.DefaultFile: b.String(),
		"account":          clevertaptest.DefaultAccountID + "\n",
		"passcode":         clevertaptest.DefaultPasscode + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return "", fmt.Errorf("%w: %w", errUnwritable, err)
		}
	}
	return path, writeDrop(dir, shop)
}

// somePeople are the identities of n users of the shop, as a list of YAML.
func somePeople(shop *clevertaptest.Shop, n int) string {
	var ids []string
	for id := 100000; len(ids) < n && id < 200000; id++ {
		if _, ok := shop.Find("identity", strconv.Itoa(id)); ok {
			ids = append(ids, strconv.Quote(strconv.Itoa(id)))
		}
	}
	return "[" + strings.Join(ids, ", ") + "]"
}

func (a *app) demo(ctx context.Context, cmd *cobra.Command, dir string) (*demoResult, error) {
	p, err := a.project(cmd)
	if err != nil {
		return nil, err
	}
	ran, err := p.run(ctx, []string{demoPipeline, demoDropPlan, demoRest, demoMoment}, runOptions{command: "demo"})
	result := &demoResult{Config: a.flags.config, Database: filepath.Join(dir, "bi.duckdb"), Data: demoShop().Describe(), Run: ran}
	if err != nil {
		return result, err
	}
	err = p.inWarehouse(demoWarehouse, func(w warehouse.Warehouse) (err error) {
		if result.Tables, err = loadedTables(ctx, demoWarehouse, w); err != nil {
			return err
		}
		q, ok := w.(warehouse.Querier)
		if !ok {
			return fmt.Errorf("warehouse %s answers no questions: %w", demoWarehouse, errAbility)
		}
		result.Questions, err = demoQuestions(ctx, q)
		return err
	})
	return result, err
}

// demoQuestions asks what is in demo/*.sql.
func demoQuestions(ctx context.Context, q warehouse.Querier) ([]demoQuestion, error) {
	names, err := fs.Glob(demoFiles, "demo/*.sql")
	if err != nil {
		return nil, err
	}
	var all []demoQuestion
	for _, name := range names {
		file, err := demoFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		title, query, _ := strings.Cut(string(file), "\n")
		answer, err := ask(ctx, q, query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, demoQuestion{strings.TrimPrefix(title, "-- "), strings.TrimSpace(query), answer})
	}
	return all, nil
}

// keepServing shows the result now, and then waits for the interrupt that ends
// the demo well.
func (a *app) keepServing(ctx context.Context, url string, result *demoResult) error {
	if a.flags.output == outputText {
		result.Text(&printer{w: a.stdout, width: a.terminal.width, colours: a.colours(a.terminal.out)})
		result.shown = true
	}
	fmt.Fprintf(a.stderr, "the account answers at %s until you press Ctrl-C\n", url)
	<-ctx.Done()
	return nil
}
