package config

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxFiles bounds how many files one configuration may be spread over.
const maxFiles = 1000

// A file is one that was read, and its tree.
type file struct {
	src  *source
	root *node
}

// A reader follows include: from file to file. It never leaves the folder of
// the main file, neither by .. nor by a symbolic link.
type reader struct {
	root  *os.Root
	shown string   // the folder as the user named it
	abs   string   // the folder
	seen  []string // files read, below the folder, links followed
	stack []string // those being read: an include of one of them is a circle
	files []*file
	p     *problems
}

// readAll reads the main file and what it includes, the main file first. Files
// that cannot be read are left out, with the reason in p.
func readAll(name, dir string, p *problems) []*file {
	src := &source{name: name, dir: dir, order: 1}
	root, err := os.OpenRoot(dir)
	if err != nil {
		p.add(place{src: src}, "", "cannot read the file: %v", err).because(err).remedy("check the path")
		return nil
	}
	defer func() { _ = root.Close() }() // only read from
	r := &reader{root: root, shown: filepath.Dir(name), abs: dir, p: p}
	// The main file itself may be a link to anywhere: the user named it.
	f, err := os.Open(name)
	if err != nil {
		e := p.add(place{src: src}, "", "cannot read the file: %v", cause(err)).because(err)
		if errors.Is(err, fs.ErrNotExist) {
			e.remedy("let tapline init write one, or name yours with -c FILE")
		}
		return nil
	}
	r.read(filepath.Base(name), src, f)
	return r.files
}

// read reads one opened file and closes it.
func (r *reader) read(name string, src *source, f *os.File) {
	tree := parse(src, f, r.p)
	if err := f.Close(); err != nil {
		r.p.add(place{src: src}, "", "cannot read the file: %v", err).because(err)
	}
	r.seen = append(r.seen, name)
	switch {
	case tree == nil:
		return
	case tree.kind != kindMap:
		r.p.add(tree.at, "", "want keys and values at the top of the file, got %s", tree.kind).
			remedy("start it with version: %d", Version)
		return
	}
	r.files = append(r.files, &file{src, tree})
	n := tree.get("include")
	if n == nil {
		return
	}
	r.stack = append(r.stack, name)
	for _, pattern := range patterns(n, r.p) {
		r.include(path.Dir(name), pattern)
	}
	r.stack = r.stack[:len(r.stack)-1]
}

// patterns are the texts of include:, which is one or a list.
func patterns(n *node, p *problems) []*node {
	list := []*node{n}
	if n.kind == kindList {
		list = n.items
	}
	return slices.DeleteFunc(slices.Clone(list), func(n *node) bool {
		if n.kind != kindText {
			p.add(n.at, "include", "include: want a file or a pattern such as pipelines/*.yaml, got %s", n.kind)
		}
		return n.kind != kindText
	})
}

func (r *reader) include(dir string, pattern *node) {
	full := path.Join(dir, pattern.text)
	switch {
	case pattern.text == "" || path.IsAbs(pattern.text) || !fs.ValidPath(full):
		r.p.add(pattern.at, "include", "include: %q is outside the folder of the main file", pattern.text).
			remedy("keep all files below it, and name them relative to this file")
		return
	case strings.Contains(pattern.text, "**"):
		r.p.add(pattern.at, "include", "include: %q: ** is not supported", pattern.text).remedy("write a pattern for each folder")
		return
	}
	names, err := fs.Glob(r.root.FS(), full)
	if err != nil {
		r.p.add(pattern.at, "include", "include: %q is not a pattern: %v", pattern.text, err)
		return
	}
	if len(names) == 0 {
		if !strings.ContainsAny(pattern.text, "*?[") {
			if _, err := r.root.Lstat(filepath.FromSlash(full)); err == nil {
				r.open(full, pattern) // a link that leads nowhere or outside; says so
				return
			}
			r.p.add(pattern.at, "include", "include: there is no file %s", pattern.text).remedy("check the name; it is relative to this file")
			return
		}
		r.p.warn(pattern.at, "include", "include: no file matches %s", pattern.text)
	}
	for _, name := range names {
		r.open(name, pattern)
	}
}

// open reads one included file, unless it was read before.
func (r *reader) open(name string, pattern *node) {
	switch {
	case slices.Contains(r.stack, name):
		r.p.add(pattern.at, "include", "include: %s includes itself: %s", name, strings.Join(append(slices.Clone(r.stack), name), " > "))
		return
	case slices.Contains(r.seen, name):
		r.p.add(pattern.at, "include", "include: %s is included twice", name).remedy("take one of the includes out")
		return
	case len(r.seen) >= maxFiles:
		r.p.add(pattern.at, "include", "include: more than %d files", maxFiles)
		return
	}
	f, err := r.root.Open(filepath.FromSlash(name))
	if err != nil {
		r.p.add(pattern.at, "include", "include: cannot read %s: %v", name, cause(err)).because(err)
		return
	}
	r.read(name, &source{
		name:  filepath.Join(r.shown, name),
		dir:   filepath.Join(r.abs, filepath.Dir(name)),
		order: len(r.seen) + 1,
	}, f)
}

// cause leaves out the name that the message has already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
