package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of the file, for editors and
// CI: what Load checks of a file's structure, from the same tags. What lies
// between values, such as names that refer to each other, is Load's alone.
//
// The document model is the library's. The walk over the types is not: the
// library takes every exported field for a key and knows no tag of ours, and
// then schema and decoder would differ.
func Schema(kinds Kinds) ([]byte, error) {
	root := object(fieldsOf(reflect.TypeFor[Settings]()))
	root.Version = jsonschema.Version
	root.Title = "tapline.yaml"
	root.Description = "The configuration of tapline, version 1"
	root.Definitions = jsonschema.Definitions{}
	put(root, "version", &jsonschema.Schema{Const: Version}, "the version of this file")
	text := &jsonschema.Schema{Type: "string"}
	put(root, "include", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}},
		"further files, as patterns relative to this one")
	put(root, "connections", &jsonschema.Schema{Type: "array", Items: connectionSchema(root.Definitions, kinds)}, "the systems that tapline talks to")
	pipeline := object(fieldsOf(reflect.TypeFor[Pipeline]()))
	one := uint64(1)
	put(pipeline, "streams", &jsonschema.Schema{Type: "array", MinItems: &one, Items: streamSchema(root.Definitions, kinds)}, "what to load")
	pipeline.Required = append(pipeline.Required, "streams")
	put(root, "pipelines", &jsonschema.Schema{Type: "array", Items: define(root.Definitions, "pipeline", pipeline)}, "what goes from where to where")
	alert := define(root.Definitions, "alert", object(fieldsOf(reflect.TypeFor[Alert]())))
	put(root, "alerts", &jsonschema.Schema{Type: "array", Items: alert}, "whom to tell")
	put(root, "stage", stageSchema(root.Definitions), "where parts wait until they are loaded")
	view := define(root.Definitions, "view", object(fieldsOf(reflect.TypeFor[View]())))
	put(root, "views", &jsonschema.Schema{Type: "array", Items: view}, "the queries that warehouses are to keep under a name")
	root.Required = append(root.Required, "version")
	document, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("config: write the JSON Schema: %w", err)
	}
	return append(document, '\n'), nil
}

// stageSchema takes the section or its URL alone.
func stageSchema(defs jsonschema.Definitions) *jsonschema.Schema {
	whole := object(marked(fieldsOf(reflect.TypeFor[Stage]()), true))
	url, _ := whole.Properties.Get("url")
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{url, define(defs, "stage", whole)}}
}

// connectionSchema chooses the kind's section by its type. Without kinds any
// section with a name and a type will do.
func connectionSchema(defs jsonschema.Definitions, kinds Kinds) *jsonschema.Schema {
	common := fieldsOf(reflect.TypeFor[Connection]())
	one := object(common)
	one.AdditionalProperties = nil
	if len(kinds) == 0 {
		return define(defs, "connection", one)
	}
	word, _ := one.Properties.Get("type")
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		word.Enum = append(word.Enum, name)
		is := &jsonschema.Schema{Properties: jsonschema.NewProperties(), Required: []string{"type"}}
		is.Properties.Set("type", &jsonschema.Schema{Const: name})
		whole := object(append(slices.Clone(common), foreignFields(kinds[name].Connection, common)...))
		one.AllOf = append(one.AllOf, &jsonschema.Schema{If: is, Then: define(defs, "connection."+name, whole)})
	}
	return define(defs, "connection", one)
}

// streamSchema takes what any kind takes: which kind it is depends on another
// part of the file.
func streamSchema(defs jsonschema.Definitions, kinds Kinds) *jsonschema.Schema {
	common := fieldsOf(reflect.TypeFor[StreamEntry]())
	stream := &jsonschema.Schema{}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[name].Stream == nil {
			continue
		}
		whole := object(append(slices.Clone(common), foreignFields(kinds[name].Stream, common)...))
		stream.AnyOf = append(stream.AnyOf, define(defs, "stream."+name, whole))
	}
	if stream.AnyOf == nil {
		stream = object(common)
		stream.AdditionalProperties = nil
	}
	return define(defs, "stream", stream)
}

// foreignFields are the keys of a kind's struct that are not config's own.
func foreignFields(sample any, own []field) []field {
	if t := reflect.TypeOf(sample); t != nil && t.Kind() == reflect.Struct {
		taken := keysOf(own)
		return slices.DeleteFunc(marked(fieldsOf(t), true), func(f field) bool { return slices.Contains(taken, f.key) })
	}
	return nil
}

// marked says of each field whether its texts may hold references.
func marked(fields []field, refs bool) []field {
	for i := range fields {
		fields[i].refs = refs
	}
	return fields
}

// object is the schema of a section with these keys and no others.
func object(fields []field) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, f := range fields {
		put(s, f.key, f.schema(), f.doc)
		if f.required {
			s.Required = append(s.Required, f.key)
		}
	}
	return s
}

func put(s *jsonschema.Schema, key string, value *jsonschema.Schema, doc string) {
	value.Description = doc
	s.Properties.Set(key, value)
}

func define(defs jsonschema.Definitions, name string, s *jsonschema.Schema) *jsonschema.Schema {
	defs[name] = s
	return &jsonschema.Schema{Ref: "#/$defs/" + name}
}

// schema is that of the value that decoder.value takes for f.
func (f field) schema() *jsonschema.Schema {
	if w, ok := reflect.New(f.typ).Interface().(written); ok {
		return w.schema()
	}
	switch {
	case f.typ == jsonType:
		return &jsonschema.Schema{}
	case f.typ == durationType:
		one := uint64(1)
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern, MinLength: &one}
	case f.typ == secretType, f.typ == refType, f.typ == zoneType, reflect.PointerTo(f.typ).Implements(textType):
		return &jsonschema.Schema{Type: "string"}
	}
	switch f.typ.Kind() {
	case reflect.Pointer:
		return f.item().schema()
	case reflect.Struct:
		return object(marked(fieldsOf(f.typ), f.refs))
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: f.item().schema()}
	case reflect.Map:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: f.item().schema()}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.String:
		return f.textSchema()
	case reflect.Float32, reflect.Float64:
		return &jsonschema.Schema{Type: "number", Minimum: json.Number(f.min), Maximum: json.Number(f.max)}
	}
	s := &jsonschema.Schema{Type: "integer", Minimum: json.Number(f.min), Maximum: json.Number(f.max)}
	if f.typ.Kind() >= reflect.Uint && f.typ.Kind() <= reflect.Uint64 && f.min == "" {
		s.Minimum = "0"
	}
	return s
}

// textSchema leaves room for references, which are looked up before a text is
// compared with anything.
func (f field) textSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string", Pattern: f.pattern}
	for _, e := range f.enum {
		s.Enum = append(s.Enum, e)
	}
	if f.refs && (f.pattern != "" || f.enum != nil) {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "string", Pattern: `\$\{(env|file):`}}}
	}
	return s
}
