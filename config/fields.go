package config

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A field is a key that a struct takes. The tags that a kind's Config and
// selection structs may carry, beside `yaml:"key"`:
//
//	doc:"one sentence"    for the JSON Schema and for messages
//	required:"true"       the key must be there
//	enum:"a,b"            the texts allowed, also of a list's items
//	pattern:"^a+$"        what a text must match; want:"..." says it in words
//	min:"1" max:"9"       the bounds of a number
//	path:"true"           a path; relative ones start at the file's folder
//	short:"key"           a text may stand for the section: the value of its key
//
// A field without a yaml tag is no key. `yaml:",inline"` and an embedded struct
// without tag add their own fields.
type field struct {
	key           string
	index         []int
	typ           reflect.Type
	doc           string
	required      bool
	enum          []string
	pattern, want string
	min, max      string
	refs          bool // in a schema: texts may hold references
	isPath        bool
	short         string
}

var (
	secretType   = reflect.TypeFor[Secret]()
	refType      = reflect.TypeFor[SecretRef]()
	durationType = reflect.TypeFor[time.Duration]()
	zoneType     = reflect.TypeFor[*time.Location]()
	writtenType  = reflect.TypeFor[written]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// fieldsOf lists the keys of a struct type, in the order of its fields.
func fieldsOf(t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		_, tagged := f.Tag.Lookup("yaml")
		inline := opts == "inline" || f.Anonymous && !tagged
		switch {
		case inline && f.Type.Kind() == reflect.Struct:
			for _, sub := range fieldsOf(f.Type) {
				sub.index = append([]int{i}, sub.index...)
				list = append(list, sub)
			}
		case !f.IsExported() || name == "" || name == "-":
		default:
			one := field{
				key: name, index: []int{i}, typ: f.Type, doc: f.Tag.Get("doc"),
				required: f.Tag.Get("required") == "true", isPath: f.Tag.Get("path") == "true",
				min: f.Tag.Get("min"), max: f.Tag.Get("max"), pattern: f.Tag.Get("pattern"), want: f.Tag.Get("want"),
				short: f.Tag.Get("short"),
			}
			if e := f.Tag.Get("enum"); e != "" {
				one.enum = strings.Split(e, ",")
			}
			list = append(list, one)
		}
	}
	return list
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// item is the field that stands for each item of a list.
func (f field) item() field {
	f.typ, f.required = f.typ.Elem(), false
	return f
}

// long is the field of f's section that a text alone stands for; ok is false
// when f has no short form.
func (f field) long() (key field, ok bool) {
	if f.short == "" {
		return key, false
	}
	fields := fieldsOf(f.typ)
	i := slices.IndexFunc(fields, func(k field) bool { return k.key == f.short })
	return fields[i], true
}
