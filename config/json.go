package config

import (
	"encoding/json"
	"reflect"
)

// A JSON is a value of the file of any shape, kept as JSON text: something that
// a vendor understands and tapline passes on untouched. Nil when not given.
type JSON json.RawMessage

var jsonType = reflect.TypeFor[JSON]()

// MarshalJSON implements json.Marshaler; nil is null.
func (j JSON) MarshalJSON() ([]byte, error) { return json.RawMessage(j).MarshalJSON() }

// json fills v with the node's value as JSON, keys in the order of the file.
func (d *decoder) json(n *node, path string, v reflect.Value) {
	if b, ok := d.appendJSON(nil, n, path); ok {
		v.SetBytes(b)
	}
}

func (d *decoder) appendJSON(b []byte, n *node, path string) (out []byte, ok bool) {
	switch n.kind {
	case kindMap:
		ok, b = true, append(b, '{')
		for i, m := range n.fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, m.key), ':')
			var fine bool
			b, fine = d.appendJSON(b, m.value, join(path, m.key))
			ok = ok && fine
		}
		return append(b, '}'), ok
	case kindList:
		ok, b = true, append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			var fine bool
			b, fine = d.appendJSON(b, item, index(path, i))
			ok = ok && fine
		}
		return append(b, ']'), ok
	case kindNull:
		return append(b, "null"...), true
	case kindInteger, kindFloat, kindBool:
		if json.Valid([]byte(n.text)) {
			return append(b, n.text...), true
		}
		return appendText(b, n.text), true // 0x1F, .inf: JSON has no such number
	}
	s, _, ok := d.expand(n, path, false)
	return appendText(b, s), ok
}

func appendText(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // a string always marshals
	}
	return append(b, text...)
}
