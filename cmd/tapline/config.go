package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"tapline/config"
)

func newConfig(a *app) *cobra.Command {
	schema := &cobra.Command{Use: "schema", Short: "The JSON Schema of tapline.yaml, for editors", Args: cobra.NoArgs}
	schema.RunE = a.does(func(context.Context, []string) (view, error) {
		b, err := config.Schema(kinds())
		return schemaView(b), err
	})
	show := &cobra.Command{Use: "show", Short: "The configuration in force, without its secrets", Args: cobra.NoArgs}
	show.RunE = a.does(func(context.Context, []string) (view, error) {
		p, err := a.project(show)
		if err != nil {
			return nil, err
		}
		resolved, err := p.cfg.Resolved()
		return text(resolved), err
	})
	validate := &cobra.Command{
		Use: "validate", Short: "Is the configuration right? Looks up no secrets and asks nobody", Args: cobra.NoArgs,
	}
	validate.RunE = a.does(func(context.Context, []string) (view, error) {
		p, err := a.project(validate)
		if err != nil {
			return nil, err
		}
		if err := p.wired(); err != nil {
			return nil, err
		}
		return valid{p.cfg.Files, len(p.cfg.Connections), len(p.cfg.Pipelines), len(p.cfg.Views)}, nil
	})
	return group("config", "The configuration file", schema, show, validate)
}

// wired checks what only the kinds know: that pipelines lead from what can be
// read to what can be loaded into.
func (p *project) wired() error {
	for _, pl := range p.cfg.Pipelines {
		from, err := p.connection(pl.From)
		if err != nil {
			return err
		}
		if _, err := findKind(sources(), from, "reading"); err != nil {
			return err
		}
		to, err := p.connection(pl.To)
		if err != nil {
			return err
		}
		if _, err := findKind(warehouses(), to, "loading into"); err != nil {
			return err
		}
		if _, err := windowOf(pl); err != nil {
			return err
		}
	}
	return nil
}

type valid struct {
	Files       []string `json:"files"`
	Connections int      `json:"connections"`
	Pipelines   int      `json:"pipelines"`
	Views       int      `json:"views"`
}

// Text implements view.
func (v valid) Text(p *printer) {
	for _, f := range v.Files {
		p.line("%s  %s", p.paint(green, "ok"), f)
	}
	views := ""
	if v.Views > 0 {
		views = ", " + plural(int64(v.Views), "view")
	}
	p.line("%s, %s%s", plural(int64(v.Connections), "connection"), plural(int64(v.Pipelines), "pipeline"), views)
}

// A schemaView is a JSON Schema: itself under text, so that it can be piped
// into a file, and an object of the result under JSON.
type schemaView json.RawMessage

// Text implements view.
func (s schemaView) Text(p *printer) { fmt.Fprintf(p.w, "%s\n", []byte(s)) }

// MarshalJSON returns the schema.
func (s schemaView) MarshalJSON() ([]byte, error) { return s, nil }
