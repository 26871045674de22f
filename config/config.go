// Package config reads tapline.yaml and what it includes, the environment and
// the flags, and gives plain validated values.
//
// It knows no kind of source or warehouse: a kind's section is decoded strictly
// into the kind's own struct, whoever that belongs to. Every mistake is an
// *Error with its place, and all mistakes are reported at once. Secrets are of
// type Secret and looked up late; no message, dump or document holds one.
package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/spf13/pflag"
)

// Version is the version of the file that this tapline reads.
const Version = 1

// DefaultFile is read when no file is named.
const DefaultFile = "tapline.yaml"

// Options say what to read beside the file. The zero Options are good.
type Options struct {
	// Flags of the command line. A flag named as a setting, with - for _, wins
	// over the environment and the file when it was given. Nil = none.
	Flags *pflag.FlagSet
	// Kinds, when given, lets Load check the type of each connection and all
	// keys of its section and of its streams, so that their mistakes are
	// reported together with all others. References are not looked up for it.
	Kinds Kinds
	// Redactor is told every secret that is looked up. Nil = a new one.
	Redactor *Redactor
}

// A Kind is a kind of connection.
type Kind struct {
	// Connection is a value of the struct that its section is decoded into.
	Connection any
	// Stream is a value of the struct that the kind's own keys of a stream are
	// decoded into. Nil when the kind cannot be read from.
	Stream any
	// GoogleSQL says that its views are written in BigQuery's SQL.
	GoogleSQL bool
}

// Kinds are the kinds of connection by the word for their type.
type Kinds map[string]Kind

// A Config is the configuration of one project.
type Config struct {
	// Path is the main file as it was named, Dir its absolute folder.
	Path, Dir string
	// Files are all files read, the main file first, as messages name them.
	Files       []string
	Settings    Settings
	Connections []Connection
	Pipelines   []Pipeline
	Alerts      []Alert
	Views       []View

	own      *shared
	kinds    Kinds
	settings *node // as they are in force, for Resolved
}

// Load reads the file at path (DefaultFile when empty) and all it includes.
// The error is Errors, in the order of the files and lines.
func Load(path string, o Options) (*Config, error) {
	if path == "" {
		path = DefaultFile
	}
	if o.Redactor == nil {
		o.Redactor = &Redactor{}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("config: find %s: %w", path, err)
	}
	c := &Config{Path: path, Dir: filepath.Dir(abs), own: &shared{red: o.Redactor}, kinds: o.Kinds}
	p := &problems{}
	files := readAll(path, c.Dir, p)
	for _, f := range files {
		c.Files = append(c.Files, f.src.name)
	}
	if len(files) > 0 && checkVersion(files, p) {
		c.build(files, o, p)
	}
	if len(p.errs) > 0 {
		return nil, p.errs.sorted()
	}
	c.own.warn(p.warns)
	return c, nil
}

// checkVersion reports whether the files are of a version that can be read at all.
func checkVersion(files []*file, p *problems) bool {
	for i, f := range files {
		n := f.root.get("version")
		if n == nil {
			if i == 0 {
				p.add(f.root.at, "version", `missing key "version"`).remedy("write version: %d as the first line", Version)
			}
			continue
		}
		var v int
		before := len(p.errs)
		d := decoder{p: p}
		d.value(n, "version", field{key: "version", typ: reflect.TypeFor[int]()}, reflect.ValueOf(&v).Elem())
		switch {
		case len(p.errs) > before:
		case v > Version:
			p.add(n.at, "version", "version: %d is from a newer tapline; this one reads version %d", v, Version).
				remedy("upgrade tapline, or write the file for version %d", Version)
			return false
		case v < Version:
			p.add(n.at, "version", "version: want %d, got %d", Version, v)
		}
	}
	return true
}

func (c *Config) build(files []*file, o Options, p *problems) {
	c.loadSettings(files[0], o, p)
	for _, f := range files {
		checkTop(f, p)
		c.addConnections(f, p)
		c.addPipelines(f, p)
		c.addAlerts(f, p)
		c.addViews(f, p)
	}
	c.check(p)
	c.checkKinds(p)
}

// Connection returns the connection of that name.
func (c *Config) Connection(name string) (Connection, bool) {
	i := slices.IndexFunc(c.Connections, func(x Connection) bool { return x.Name == name })
	if i < 0 {
		return Connection{}, false
	}
	return c.Connections[i], true
}

// Pipeline returns the pipeline of that name.
func (c *Config) Pipeline(name string) (Pipeline, bool) {
	i := slices.IndexFunc(c.Pipelines, func(x Pipeline) bool { return x.Name == name })
	if i < 0 {
		return Pipeline{}, false
	}
	return c.Pipelines[i], true
}

// Warnings lists what is not wrong but should be known, by place. Decoding
// sections and looking up secrets can add to it.
func (c *Config) Warnings() []*Error {
	c.own.mu.Lock()
	defer c.own.mu.Unlock()
	return c.own.warns.sorted()
}

// Redactor returns the redactor that knows the secrets looked up so far.
func (c *Config) Redactor() *Redactor { return c.own.red }
