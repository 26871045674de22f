package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
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
	if err := checkStageKeys(cfg.Settings.Stage); err != nil {
		return nil, err
	}
	a.config = cfg
	a.log = newLogger(a, cfg.Settings)
	return &project{a: a, cfg: cfg, common: newCommon(cfg, a.log)}, nil
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
			return nil, nameError(p.cfg.Path + " has no pipelines")
		}
		return p.cfg.Pipelines, nil
	}
	var list []config.Pipeline
	var errs []error
	for _, n := range names {
		pl, ok := p.cfg.Pipeline(n)
		if !ok {
			errs = append(errs, p.noPipeline(n))
			continue
		}
		list = append(list, pl)
	}
	return list, errors.Join(errs...)
}

// A nameError says that the configuration has nothing of the name that somebody
// gave.
type nameError string

func (e nameError) Error() string { return string(e) }

func (p *project) noPipeline(name string) error {
	var names []string
	for _, pl := range p.cfg.Pipelines {
		names = append(names, pl.Name)
	}
	return unknownName("pipeline", name, names)
}

func unknownName(what, name string, names []string) error {
	text := fmt.Sprintf("no %s is called %q", what, name)
	if near := nearest(name, names); near != "" {
		return nameError(fmt.Sprintf("%s; did you mean %q?", text, near))
	}
	if len(names) == 0 {
		return nameError(text + "; the file has none")
	}
	return nameError(text + "; the file has: " + strings.Join(names, ", "))
}

// connection returns the connection of that name.
func (p *project) connection(name string) (config.Connection, error) {
	c, ok := p.cfg.Connection(name)
	if !ok {
		var names []string
		for _, c := range p.cfg.Connections {
			names = append(names, c.Name)
		}
		return c, unknownName("connection", name, names)
	}
	return c, nil
}

func (p *project) now() time.Time { return time.Now() }
