package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"Null", "x: null", "null"},
		{"Text", "x: a\"b", `"a\"b"`},
		{"Quoted", `x: "12"`, `"12"`},
		{"Number", "x: 12.50", "12.50"},
		{"Big", "x: 9007199254740993", "9007199254740993"},
		{"Odd", "x: .inf", `".inf"`},
		{"Order", "x: {b: [1, true, {c: d}], a: {}}", `{"b":[1,true,{"c":"d"}],"a":{}}`},
		{"Case", "x: {Tier Name: [Gold]}", `{"Tier Name":["Gold"]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &problems{}
			root := parse(&source{name: "t.yaml"}, strings.NewReader(tt.yaml), p)
			if root == nil {
				t.Fatalf("parse: %v", p.errs)
			}
			var got JSON
			d := decoder{p: p, refs: true}
			d.json(root.get("x"), "x", reflect.ValueOf(&got).Elem())
			if string(got) != tt.want || len(p.errs) > 0 {
				t.Errorf("json of %q = %s, %v; want %s", tt.yaml, got, p.errs, tt.want)
			}
		})
	}
}
