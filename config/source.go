package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of one file. The parser takes time by the square of the keys of one
// map and stack by depth, so what it is given must be bounded.
const (
	maxBytes  = 1 << 20
	maxTokens = 1 << 16
	maxDepth  = 64
	maxColumn = 1000
)

// A source is one file of the configuration.
type source struct {
	name  string // for messages
	dir   string // absolute; relative paths written in the file start here
	order int    // 1 is the main file
}

// A place is where something stands. The zero line is the whole file; a nil
// src is outside of any file.
type place struct {
	src       *source
	line, col int
}

func (at place) error(path, format string, args ...any) *Error {
	e := &Error{Path: path, What: fmt.Sprintf(format, args...), Line: at.line, Column: at.col}
	if at.src != nil {
		e.File, e.order = at.src.name, at.src.order
	}
	return e
}

// String returns file:line:col.
func (at place) String() string { return fmt.Sprintf("%s:%d:%d", at.src.name, at.line, at.col) }

// parse reads one file into a tree; nil when it cannot, with the reason in p.
func parse(src *source, r io.Reader, p *problems) *node {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		p.add(place{src: src}, "", "cannot read the file: %v", err).because(err)
		return nil
	}
	if len(text) > maxBytes {
		p.add(place{src: src}, "", "the file is larger than 1 MiB").
			remedy("split it with include:, or check that it is the right file")
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !clean(src, text, p) {
		return nil
	}
	return tree(src, text, p)
}

// tree runs the parser. It is somebody else's and reads what anybody wrote: if
// it panics, the file is not valid, and the run ends as for any other mistake.
func tree(src *source, text []byte, p *problems) (root *node) {
	defer func() {
		if r := recover(); r != nil {
			root = nil
			// What it says may quote the file, and so a secret.
			p.add(place{src: src}, "", "not valid YAML").remedy("look for brackets and quotes that are not closed")
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if !bounded(src, tokens, p) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		syntaxError(src, text, err, p)
		return nil
	}
	return document(src, file, p)
}

// document turns the one document of a file into a tree.
func document(src *source, file *ast.File, p *problems) *node {
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.DirectiveType {
			bodies = append(bodies, d.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		p.add(place{src: src}, "", "the file is empty").
			remedy("start it with version: %d, or let tapline init write one", Version)
		return nil
	case len(bodies) > 1:
		b := &builder{src: src}
		p.add(b.at(bodies[1]), "", "a second YAML document").remedy("keep one document in a file and take the --- out")
		return nil
	}
	b := &builder{src: src, p: p, anchors: map[string]*node{}}
	root := b.node(bodies[0])
	if root != nil && root.size > maxTokens {
		p.add(place{src: src}, "", "the file grows to more than %d values through its aliases", maxTokens).
			remedy("write the values out, or split the file with include:")
		return nil
	}
	return root
}

// clean refuses bytes that no configuration holds on purpose.
func clean(src *source, text []byte, p *problems) bool {
	for line, col, rest := 1, 1, text; len(rest) > 0; col++ {
		r, n := utf8.DecodeRune(rest)
		at := place{src, line, col}
		switch {
		case r == utf8.RuneError && n == 1:
			p.add(at, "", "the byte 0x%02x is not UTF-8", rest[0]).remedy("save the file as UTF-8")
			return false
		case r == 0:
			p.add(at, "", "a NUL byte").remedy("save the file as plain UTF-8 text")
			return false
		case r == '\n':
			line, col = line+1, 0
		}
		rest = rest[n:]
	}
	return true
}

// bounded keeps from the parser what would take it too much time or stack.
func bounded(src *source, tokens token.Tokens, p *problems) bool {
	if len(tokens) > maxTokens {
		p.add(place{src: src}, "", "the file has more than %d words", maxTokens).remedy("split it with include:")
		return false
	}
	depth, run := 0, 0 // open brackets; openers with no value between
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth, run = depth+1, run+1
		case token.MappingEndType, token.SequenceEndType:
			depth, run = depth-1, 0
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			run++
		default:
			run = 0
		}
		if depth > maxDepth || run > maxDepth || t.Position.Column > maxColumn && depth == 0 && t.Type == token.MappingValueType {
			p.add(place{src, t.Position.Line, t.Position.Column}, "", "the values are nested too deeply")
			return false
		}
	}
	return true
}

// syntaxError reports what the parser could not read, in words that help with
// the slips that are common in this file.
func syntaxError(src *source, text []byte, err error, p *problems) {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) || syntax.Token == nil {
		p.add(place{src: src}, "", "not valid YAML").remedy("look for brackets and quotes that are not closed")
		return
	}
	pos := syntax.Token.Position
	at := place{src, pos.Line, max(pos.Column, 1)}
	before, rest := around(text, at)
	switch {
	case strings.HasSuffix(before, "$") && strings.HasPrefix(rest, "{"):
		at.col--
		ref, _, _ := strings.Cut(rest, "}")
		if !strings.HasPrefix(ref, "{env:") && !strings.HasPrefix(ref, "{file:") {
			ref = "{env:NAME" // what else stands there may be a secret
		}
		p.add(at, "", "a reference inside {...} or [...] has no quotes").remedy(`put quotes around it: "$%s}"`, ref)
	case strings.HasPrefix(rest, "\t"):
		p.add(at, "", "a tab stands where YAML wants spaces").remedy("indent with spaces")
	case strings.HasPrefix(rest, "*") || strings.HasSuffix(before, "*"):
		p.add(at, "", "a text that starts with * has no quotes").remedy(`put quotes around it: "*"`)
	case strings.HasPrefix(syntax.Message, "mapping value is not allowed"):
		p.add(at, "", "not valid YAML: a key and its value cannot start here").
			remedy("check how far the lines are indented, and put quotes around a text that has a colon in it")
	default:
		p.add(at, "", "not valid YAML: %s", strings.ToLower(syntax.Message))
	}
}

// around returns the line's text before and from a place.
func around(text []byte, at place) (before, rest string) {
	lines := strings.Split(string(text), "\n")
	if at.line < 1 || at.line > len(lines) {
		return "", ""
	}
	line := []rune(lines[at.line-1])
	i := min(at.col-1, len(line))
	return string(line[:i]), string(line[i:])
}
