package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
)

// A project is a configuration that was read.
type project struct {
	a      *app
	cfg    *config.Config
	common common
}

// project reads the configuration. From here on no secret is printed.
func (a *app) project(cmd *cobra.Command) (*project, error) {
	redactor := &config.Redactor{}
	a.redact = redactor.String
	cfg, err := config.Load(a.configPath(), config.Options{Flags: cmd.Flags(), Kinds: kinds(), Redactor: redactor})
	if err != nil {
		return nil, err
	}
	for _, w := range cfg.Warnings() {
		a.warn(w.Error())
	}
	a.log = newLogger(a, cfg.Settings)
	return &project{a: a, cfg: cfg, common: newCommon()}, nil
}

func (a *app) configPath() string {
	if a.flags.config != "" {
		return a.flags.config
	}
	return os.Getenv("TAPLINE_CONFIG")
}

// selected returns the pipelines of those names, in their order; all without names.
func (p *project) selected(names []string) ([]config.Pipeline, error) {
	if len(names) == 0 {
		if len(p.cfg.Pipelines) == 0 {
			return nil, fmt.Errorf("%w: %s has no pipelines", errUnknownName, p.cfg.Path)
		}
		return p.cfg.Pipelines, nil
	}
	var list []config.Pipeline
	var errs []error
	for _, n := range names {
		pl, err := p.cfg.Pipeline(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, pl)
	}
	return list, config.Join(errs...)
}

// connection returns the connection of that name.
func (p *project) connection(name string) (config.Connection, error) {
	c, ok := p.cfg.Connection(name)
	if !ok {
		var names []string
		for _, c := range p.cfg.Connections {
			names = append(names, c.Name)
		}
		hint := ""
		if near := nearest(name, names); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return c, fmt.Errorf("%w: no connection is called %q%s", errUnknownName, name, hint)
	}
	return c, nil
}

func (p *project) now() time.Time { return time.Now() }
