package config

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// maxViewSQL is the longest SQL of a view, in bytes; no warehouse takes more.
const maxViewSQL = 256 << 10

// A View is a query with a name, which the warehouse keeps and runs put there.
type View struct {
	Name string `yaml:"name" required:"true" pattern:"^[^\\x00-\\x1f]{1,255}$" want:"a name of at most 255 characters" doc:"what the view is called in the warehouse"`
	To   string `yaml:"to" required:"true" doc:"the name of the connection that is to hold it, a warehouse"`
	// SQL is the text without a semicolon at its end, from the file if there is one.
	SQL   string `yaml:"sql" doc:"one SELECT in the warehouse's own SQL"`
	File  string `yaml:"file" path:"true" doc:"a file with the SELECT instead, relative to this one"`
	About string `yaml:"about" doc:"what the view is, for its description in the warehouse"`
	// Needs are the names of the views of the same warehouse that it stands on.
	Needs []string

	section
}

// ViewsOf returns the views of a warehouse in the order in which they can be
// made: each after those that it stands on, and else as they are written.
func (c *Config) ViewsOf(to string) []View {
	var views []View
	for _, v := range c.Views {
		if v.To == to {
			views = append(views, v)
		}
	}
	ordered, _ := inOrder(views)
	return ordered
}

func (c *Config) addViews(f *file, p *problems) {
	for i, n := range list(f.root, "views", p) {
		v := View{section: section{n: n, path: index("views", i), own: c.own}}
		if n.kind == kindNull {
			p.add(n.at, v.path, "%s: has no value", v.path).remedy("give it one or take it out")
			continue
		}
		d := decoder{p: p, own: c.own}
		if d.section(n, v.path, reflect.ValueOf(&v).Elem()); n.kind != kindMap {
			continue
		}
		v.read(p)
		c.Views = append(c.Views, v)
	}
}

// read takes the SQL from the file, when it is in one.
func (v *View) read(p *problems) {
	sql, file := v.n.get("sql"), v.n.get("file")
	switch {
	case sql != nil && file != nil:
		v.fail(p, "file", "stands beside sql:").remedy("keep one of the two")
	case sql == nil && file == nil:
		e := p.add(v.n.at, join(v.path, "sql"), "missing key %q in %s", "sql", v.path).
			remedy(`write sql: "select ...", or file: with the path of one`)
		e.missing = true
	case file != nil && v.File != "":
		text, err := readSQL(v.File)
		if err != nil {
			v.fail(p, "file", "cannot read %s: %v", file.text, err).because(err)
			v.File = ""
		}
		v.SQL = text
	case file != nil && file.kind == kindText:
		v.fail(p, "file", "is empty").remedy("name the file of the SELECT")
	}
}

// readSQL reads a file of SQL, or the start of one that is too long.
func readSQL(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", cause(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", cause(err)
	}
	defer f.Close() // only read from
	text, err := io.ReadAll(io.LimitReader(f, maxViewSQL+1))
	switch {
	case err != nil:
		return "", cause(err)
	case len(text) <= maxViewSQL && !utf8.Valid(text) || bytes.ContainsRune(text, 0):
		return "", errors.New("it is not a text in UTF-8")
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil
}

// checkViews finds what is wrong with views, and what they stand on.
func (c *Config) checkViews(connections map[string]place, p *problems) {
	seen := map[string]place{}
	for i := range c.Views {
		v := &c.Views[i]
		once(v.section, v.Name, "view of "+v.To, inWarehouse(seen, v), p)
		c.checkViewPlace(*v, connections, p)
		c.checkViewSQL(v, p)
	}
	byWarehouse := map[string][]View{}
	for i := range c.Views {
		v := &c.Views[i]
		v.Needs = c.needs(*v)
		byWarehouse[v.To] = append(byWarehouse[v.To], *v)
	}
	for _, to := range slices.Sorted(maps.Keys(byWarehouse)) {
		_, circles := inOrder(byWarehouse[to])
		for _, circle := range circles {
			first := circle[0]
			names := make([]string, 0, len(circle)+1)
			for _, v := range append(circle, first) {
				names = append(names, v.Name)
			}
			first.fail(p, "name", "the view stands on itself: %s", strings.Join(names, " > ")).
				remedy("take one of the names out of the SQL of the view before it")
		}
	}
}

// inWarehouse keeps names apart by warehouse, and takes case for nothing.
func inWarehouse(seen map[string]place, v *View) map[string]place {
	one := map[string]place{}
	key := v.To + "\x00" + strings.ToLower(v.Name)
	if first, ok := seen[key]; ok {
		one[v.Name] = first
	} else if n := v.n.get("name"); n != nil {
		seen[key] = n.at
	}
	return one
}

func (c *Config) checkViewPlace(v View, connections map[string]place, p *problems) {
	con, found := c.Connection(v.To)
	if !found && v.To != "" {
		v.fail(p, "to", "no connection is called %q", v.To).
			suggest(v.To, slices.Sorted(maps.Keys(connections)), "there are")
	}
	if k, known := c.kinds[con.Type]; known && k.Stream != nil {
		v.fail(p, "to", "%q is a %s connection, which holds no views", v.To, con.Type).remedy("name a warehouse")
	}
	if strings.HasPrefix(strings.ToLower(v.Name), reservedTable) {
		v.fail(p, "name", "names that start with %s are tapline's own", reservedTable).remedy("choose another name")
	}
	loaded := false
	for _, pipe := range c.Pipelines {
		loaded = loaded || pipe.To == v.To
		for _, e := range pipe.Streams {
			if pipe.To == v.To && e.Table != "" && strings.EqualFold(e.Table, v.Name) {
				v.fail(p, "name", "pipeline %s loads into a table %q", pipe.Name, e.Table).remedy("give the view another name")
			}
		}
	}
	if found && !loaded {
		p.warn(v.n.at, v.path, "%s: no pipeline loads into %q, so no run makes the view", v.path, v.To)
	}
}

// checkViewSQL wants one SELECT, and takes off the semicolon at its end.
func (c *Config) checkViewSQL(v *View, p *problems) {
	key := "sql"
	if v.n.get("file") != nil {
		key = "file"
	}
	if n := v.n.get(key); n == nil || n.kind != kindText || key == "file" && v.File == "" {
		return // reported already
	}
	if len(v.SQL) > maxViewSQL {
		v.fail(p, key, "is longer than %d KiB", maxViewSQL>>10).remedy("make several views of it")
		return
	}
	text, err := oneSelect(v.SQL, c.googleSQL(*v))
	if err != nil {
		v.fail(p, key, "%v", err).remedy("write one SELECT, in the SQL of the warehouse")
		return
	}
	v.SQL = text
}

// googleSQL reports whether the view's warehouse speaks that dialect.
func (c *Config) googleSQL(v View) bool {
	con, _ := c.Connection(v.To)
	return c.kinds[con.Type].GoogleSQL
}

// needs finds the views of the same warehouse that the SQL of v names.
func (c *Config) needs(v View) []string {
	if len(v.SQL) > maxViewSQL {
		return nil
	}
	named := relations(v.SQL, c.googleSQL(v))
	var needs []string
	for _, other := range c.Views {
		bare, ok := named[strings.ToLower(other.Name)]
		if !ok || other.To != v.To || other.Name == "" || slices.Contains(needs, other.Name) {
			continue
		}
		if other.Name == v.Name && !bare {
			continue // its own name, in another schema
		}
		needs = append(needs, other.Name)
	}
	return needs
}

// inOrder orders views of one warehouse so that each comes after those it
// needs. Circles among them are returned as well, each view before the one it needs.
func inOrder(views []View) (ordered []View, circles [][]View) {
	const entered, left = 1, 2
	state := map[string]int{}
	byName := map[string]View{}
	for _, v := range views {
		byName[v.Name] = v
	}
	var path []View
	var visit func(v View)
	visit = func(v View) {
		state[v.Name] = entered
		path = append(path, v)
		for _, name := range v.Needs {
			next, ok := byName[name]
			switch {
			case !ok || state[name] == left:
			case state[name] == entered:
				at := slices.IndexFunc(path, func(x View) bool { return x.Name == name })
				circles = append(circles, slices.Clone(path[at:]))
			default:
				visit(next)
			}
		}
		path = path[:len(path)-1]
		state[v.Name] = left
		ordered = append(ordered, v)
	}
	for _, v := range views {
		if state[v.Name] == 0 {
			visit(v)
		}
	}
	return ordered, circles
}

// showView is the view with its SQL, wherever that was written.
func showView(v View) yaml.MapSlice {
	fields := fieldsOf(reflect.TypeFor[View]())
	var out yaml.MapSlice
	for _, m := range v.n.fields {
		if m.key == "file" || m.key == "sql" {
			text := &node{kind: kindText, text: v.SQL}
			out = append(out, yaml.MapItem{Key: "sql", Value: plain(text, field{typ: reflect.TypeFor[string]()})})
			continue
		}
		out = append(out, showSection(&node{kind: kindMap, fields: []member{m}}, fields, nil)...)
	}
	return out
}
