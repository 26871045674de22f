package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
)

// Resolved returns the configuration in force as one YAML document: settings
// with flags, environment and defaults applied, and all included files in one.
// References stand as they are written; secrets that stand in the file are ***.
// When Load was not told the kinds it cannot tell which texts of a connection
// are secrets, and shows none of them.
func (c *Config) Resolved() (string, error) {
	doc := yaml.MapSlice{{Key: "version", Value: Version}}
	settings := fieldsOf(reflect.TypeFor[Settings]())
	for _, m := range c.settings.fields {
		i := slices.IndexFunc(settings, func(f field) bool { return f.key == m.key })
		doc = append(doc, yaml.MapItem{Key: m.key, Value: show(m.value, settings[i])})
	}
	var list []any
	for _, con := range c.Connections {
		list = append(list, showSection(con.n, fieldsOf(reflect.TypeFor[Connection]()), c.kinds[con.Type].Connection))
	}
	doc = appendList(doc, "connections", list)
	list = nil
	for _, p := range c.Pipelines {
		list = append(list, c.showPipeline(p))
	}
	doc = appendList(doc, "pipelines", list)
	list = nil
	for _, a := range c.Alerts {
		list = append(list, showSection(a.n, fieldsOf(reflect.TypeFor[Alert]()), nil))
	}
	doc = appendList(doc, "alerts", list)
	list = nil
	for _, v := range c.Views {
		list = append(list, showView(v))
	}
	doc = appendList(doc, "views", list)
	text, err := yaml.MarshalWithOptions(doc, yaml.IndentSequence(true))
	if err != nil {
		return "", fmt.Errorf("config: write the resolved configuration: %w", err)
	}
	return c.own.red.String(string(text)), nil
}

func appendList(doc yaml.MapSlice, key string, list []any) yaml.MapSlice {
	if len(list) == 0 {
		return doc
	}
	return append(doc, yaml.MapItem{Key: key, Value: list})
}

func (c *Config) showPipeline(p Pipeline) yaml.MapSlice {
	con, _ := c.Connection(p.From)
	var out yaml.MapSlice
	fields := fieldsOf(reflect.TypeFor[Pipeline]())
	for _, m := range p.n.fields {
		if m.key != "streams" {
			one := &node{kind: kindMap, fields: []member{m}}
			out = append(out, showSection(one, fields, nil)...)
			continue
		}
		var streams []any
		for _, e := range p.Streams {
			streams = append(streams, showSection(e.n, fieldsOf(reflect.TypeFor[StreamEntry]()), c.kinds[con.Type].Stream))
		}
		out = append(out, yaml.MapItem{Key: "streams", Value: streams})
	}
	return out
}

// showSection shows a section whose keys are own's and sample's. Keys that
// neither knows are hidden.
func showSection(n *node, own []field, sample any) yaml.MapSlice {
	fields := append(slices.Clone(own), foreignFields(sample, own)...)
	out := yaml.MapSlice{}
	for _, m := range n.fields {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == m.key })
		f := field{typ: secretType}
		if i >= 0 {
			f = fields[i]
		}
		out = append(out, yaml.MapItem{Key: m.key, Value: show(m.value, f)})
	}
	return out
}

// show is the value of n as f's type has it, without secrets.
func show(n *node, f field) any {
	hidden := f.typ == secretType || f.typ == refType
	if f.typ.Kind() == reflect.Pointer {
		f.typ = f.typ.Elem()
	}
	kind := f.typ.Kind()
	if n.kind == kindMap && kind == reflect.Struct && !hidden {
		return showSection(n, fieldsOf(f.typ), nil)
	}
	switch n.kind {
	case kindMap:
		out := yaml.MapSlice{}
		for _, m := range n.fields {
			item := field{typ: secretType}
			if kind == reflect.Map {
				item = f.item()
			}
			out = append(out, yaml.MapItem{Key: m.key, Value: show(m.value, item)})
		}
		return out
	case kindList:
		out := []any{}
		for _, item := range n.items {
			of := field{typ: secretType}
			if kind == reflect.Slice {
				of = f.item()
			}
			out = append(out, show(item, of))
		}
		return out
	}
	if hidden {
		return hide(n.text)
	}
	return plain(n, f)
}

// hide leaves of a secret the references.
func hide(text string) string {
	list, err := pieces(text)
	if err != nil {
		return mask
	}
	var b strings.Builder
	for _, p := range list {
		if p.from == "" {
			p.literal = mask
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// verbatim is a number or a truth as it is written.
type verbatim string

// MarshalYAML returns the text without quotes.
func (v verbatim) MarshalYAML() ([]byte, error) { return []byte(v), nil }

// urlPassword finds the password of a URL, however badly it is written.
var urlPassword = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://[^/?#@:]*:)(.+)@`)

// plain is a scalar that is no secret, but for a password in a URL.
func plain(n *node, f field) any {
	if n.kind == kindInteger || n.kind == kindFloat || n.kind == kindBool || n.kind == kindWord && f.typ.Kind() == reflect.Int {
		return verbatim(n.text)
	}
	text := n.text
	if m := urlPassword.FindStringSubmatch(text); m != nil {
		text = m[1] + hide(m[2]) + text[len(m[0])-1:]
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return verbatim(strconv.Quote(text)) // its escapes are YAML's as well
	}
	return text
}
