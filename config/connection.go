package config

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// A section is a part of the file with its place.
type section struct {
	n    *node
	path string
	own  *shared
}

// A foreign section is one that somebody else understands: that of a
// connection or of a stream.
type foreign struct {
	section
	taken []string // keys that config itself has read
}

// Errorf returns a mistake in the section with the place of key's value, or of
// the section when it has no such key. The message follows the key's path.
func (s section) Errorf(key, format string, args ...any) *Error {
	if s.n == nil {
		return &Error{Path: key, What: key + ": " + fmt.Sprintf(format, args...)}
	}
	at, path := s.n.at, join(s.path, key)
	if key == "" {
		path = s.path
	} else if v := s.n.get(key); v != nil {
		at = v.at
	}
	return at.error(path, "%s: %s", path, fmt.Sprintf(format, args...))
}

// Decode fills the struct that into points to from the section, without the
// keys that config reads itself. References are looked up now, and the
// Redactor is told. The struct's tags are those that Kind's structs carry.
// Errors: Errors, with all mistakes of the section; any other means that into
// is no pointer to a struct.
func (s foreign) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("config: decode into %T: want a pointer to a struct", into)
	}
	if s.n == nil {
		return fmt.Errorf("config: decode into %T: the section was not read by Load", into)
	}
	var p problems
	d := decoder{p: &p, refs: true, resolve: true, own: s.own}
	d.section(s.n, s.path, v.Elem(), s.taken...)
	s.own.warn(p.warns)
	return p.errs.sorted().orNil()
}

// check does what Decode does to a value of sample's type, but looks up no reference.
func (s foreign) check(sample any, p *problems) {
	t := reflect.TypeOf(sample)
	if t.Kind() != reflect.Struct {
		p.add(s.n.at, s.path, "%s: tapline cannot read sections of the Go type %s", s.path, t)
		return
	}
	d := decoder{p: p, refs: true, own: s.own}
	v, before := reflect.New(t), len(p.errs)
	d.section(s.n, s.path, v.Elem(), s.taken...)
	whole, ok := v.Interface().(interface{ Validate() error })
	if !ok || len(p.errs) > before || s.n.refers() {
		return // what stands for references is not known here
	}
	if err := whole.Validate(); err != nil {
		p.add(s.n.at, s.path, "%s: %v", s.path, err).because(err)
	}
}

// A Connection is a system that tapline talks to. What is particular to its
// type is behind Decode.
type Connection struct {
	// Name is safe in flags, logs and names of objects.
	Name string `yaml:"name" required:"true" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" want:"a name of letters, digits, _ . and -" doc:"what pipelines call it"`
	Type string `yaml:"type" required:"true" doc:"the kind of system"`
	// Timezone is an IANA name: what days and schedules are counted in. ""
	// when the section has none. The section's own struct gets it as well.
	Timezone string

	foreign
}

func connectionKeys() []string { return keysOf(fieldsOf(reflect.TypeFor[Connection]())) }

func (c *Config) addConnections(f *file, p *problems) {
	for i, n := range list(f.root, "connections", p) {
		con := Connection{foreign: foreign{section{n, index("connections", i), c.own}, connectionKeys()}}
		if !con.common(&con, p) {
			continue
		}
		if tz := n.get("timezone"); tz != nil && tz.kind == kindText {
			con.Timezone = tz.text
			var loc *time.Location
			d := decoder{p: p, refs: true, own: c.own}
			d.notation(tz, join(con.path, "timezone"), zoneType, reflect.ValueOf(&loc).Elem())
		}
		c.Connections = append(c.Connections, con)
	}
}

// common decodes into the struct that to points to the keys of the section that
// are config's own. It reports whether the section is one.
func (s foreign) common(to any, p *problems) bool {
	if s.n.kind != kindMap {
		p.add(s.n.at, s.path, "%s: want a section of keys and values, got %s", s.path, s.n.kind)
		return false
	}
	mine := &node{kind: kindMap, at: s.n.at}
	for _, m := range s.n.fields {
		if slices.Contains(s.taken, m.key) {
			mine.fields = append(mine.fields, m)
		}
	}
	d := decoder{p: p, own: s.own}
	d.section(mine, s.path, reflect.ValueOf(to).Elem())
	return true
}

// list returns the items of a list at the top of a file.
func list(root *node, key string, p *problems) []*node {
	n := root.get(key)
	switch {
	case n == nil:
		return nil
	case n.kind == kindList:
		return n.items
	case n.kind == kindNull:
		p.add(n.at, key, "%s: has no value", key).remedy("give it one or take the key out")
	default:
		p.add(n.at, key, "%s: want a list, got %s", key, n.kind).remedy("start each with - {name: ...}")
	}
	return nil
}
