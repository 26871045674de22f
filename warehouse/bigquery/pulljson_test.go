package bigquery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A jsonReader does with Go's RE2 what the statements do with BigQuery's.
type jsonReader struct {
	strings, bare, scalar, inner, keys, token, flat, passed, pair, key *regexp.Regexp
}

func newJSONReader() jsonReader {
	re := regexp.MustCompile
	return jsonReader{
		strings: re(jsonString), bare: re(jsonBare), scalar: re(jsonScalar), inner: re(jsonInner), keys: re(jsonKeys), token: re(jsonToken), flat: re(jsonFlat),
		passed: re(jsonPassed), pair: re(jsonPair()), key: re(`^(` + jsonString + `)` + jsonWhite + `:` + jsonWhite),
	}
}

// problem is what pull_json_check and pull_json_twice say of a line.
func (r jsonReader) problem(line string) string {
	core := r.scalar.ReplaceAllString(r.strings.ReplaceAllString(line, "@"), "#")
	for range jsonDepth {
		core = r.inner.ReplaceAllString(core, "#")
	}
	switch {
	case !strings.HasPrefix(strings.TrimLeft(line, " \t\r\n"), "{"):
		return "odd"
	case !r.bare.MatchString(r.strings.ReplaceAllString(line, "")):
		return "syntax"
	case core != "#" && strings.Trim(core, "# \t\r\n") == "":
		return "several"
	case core != "#" && r.inner.MatchString(core):
		return "deep"
	case core != "#":
		return "syntax"
	case !r.keys.MatchString(line):
		return "key"
	}
	for range jsonDepth {
		for _, object := range r.flat.FindAllString(line, -1) {
			var keys []string
			for _, token := range r.token.FindAllString(object, -1) {
				if key, ok := strings.CutSuffix(token, ":"); ok {
					keys = append(keys, unquoted(key))
				}
			}
			slices.Sort(keys)
			if object[0] == '{' && len(slices.Compact(slices.Clone(keys))) != len(keys) {
				return "twice"
			}
		}
		line = r.passed.ReplaceAllString(line, "$1")
	}
	return ""
}

// pairs are the keys and values of a line.
func (r jsonReader) pairs(line string) (pairs []string) {
	for _, pair := range r.pair.FindAllString(line[strings.IndexByte(line, '{')+1:], -1) {
		pairs = append(pairs, unquoted(r.key.FindStringSubmatch(pair)[1]), r.key.ReplaceAllString(pair, ""))
	}
	return pairs
}

func unquoted(token string) (text string) {
	_ = json.Unmarshal([]byte(strings.TrimRight(token, " \t\r\n")), &text)
	return text
}

// reference is the same by encoding/json, of which whatever is wrong with a line
// is one thing.
func reference(line string) (pairs []string, ok bool) {
	d := json.NewDecoder(strings.NewReader(line))
	if start, err := d.Token(); start != json.Delim('{') || err != nil || !json.Valid([]byte(line)) || !distinct(json.NewDecoder(strings.NewReader(line)), 0) {
		return nil, false
	}
	for d.More() {
		key, err := d.Token()
		var raw json.RawMessage
		if err != nil || d.Decode(&raw) != nil {
			return nil, false
		}
		pairs = append(pairs, key.(string), string(bytes.TrimSpace(raw)))
	}
	return pairs, true
}

// distinct reports whether the value that comes next is not too deep, and all
// keys in each of its objects differ and can be names. Lone surrogates are
// U+FFFD to the decoder.
func distinct(d *json.Decoder, depth int) bool {
	start, _ := d.Token()
	if _, ok := start.(json.Delim); !ok {
		return true
	}
	met := map[string]bool{}
	for d.More() {
		if start == json.Delim('{') {
			token, _ := d.Token()
			key := token.(string)
			if met[key] || strings.ContainsAny(key, "\x00\ufffd") {
				return false
			}
			met[key] = true
		}
		if !distinct(d, depth+1) {
			return false
		}
	}
	_, _ = d.Token()
	return depth < jsonDepth
}

// A jsonMaker makes lines.
type jsonMaker struct{ *rand.Rand }

func (m jsonMaker) one(of ...string) string { return of[m.Intn(len(of))] }

func (m jsonMaker) text() string {
	var s strings.Builder
	for range m.Intn(5) {
		s.WriteString(m.one("a", "b", `\"`, `\\`, "{", "}", "[", "]", ",", ":", " ", `\u00e9`, `\ud83d\ude00`, "é", "#", "@", "1", "e", "true", `\n`, `\/`, `\u0061`, `\\u0000`, `\\`))
	}
	if m.Intn(40) == 0 {
		s.WriteString(m.one(`\ud800`, `\u0000`, `\ude00\ud83d`, `\ud83d\ud83d\ude00`))
	}
	return `"` + s.String() + `"`
}

func (m jsonMaker) value(depth int) string {
	space := m.one("", "", "", " ", "\t\r")
	switch n := m.Intn(10); {
	case n < 3 || depth <= 0:
		return space + m.text() + space
	case n < 5:
		return space + m.one("0", "-0", "1", "-12.50", "1e5", "1E-7", "123456789012345678901234567890", "0.1e+3") + space
	case n < 7:
		return space + m.one("true", "false", "null") + space
	case n < 9:
		return m.object(depth - 1)
	}
	var list []string
	for range m.Intn(4) {
		list = append(list, m.value(depth-1))
	}
	return space + "[" + space + strings.Join(list, ",") + "]" + space
}

func (m jsonMaker) object(depth int) string {
	var list []string
	for range m.Intn(5) {
		list = append(list, m.text()+m.one(":", " :", ": ")+m.value(depth))
	}
	return m.one("", "", " ") + "{" + m.one("", " ") + strings.Join(list, ",") + "}" + m.one("", "", "\r")
}

// damaged changes a byte or two.
func (m jsonMaker) damaged(line string) string {
	b := []byte(line)
	for range 1 + m.Intn(2) {
		k := m.Intn(len(b))
		switch m.Intn(4) {
		case 0:
			b[k] = "\"{}[]:,\\ 01.eE-+tfn#@v\x01"[m.Intn(23)]
		case 1:
			b = slices.Delete(b, k, k+1)
		case 2:
			b = append(b, b[k:]...)
		case 3:
			b = slices.Concat(b[:k], []byte(m.one(`{"a":`, "[", `\u`, "1", "  ")), b[k:])
		}
		if len(b) == 0 {
			b = []byte("x")
		}
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}

// checkLine compares both readers.
func checkLine(t *testing.T, r jsonReader, line string) (good bool) {
	t.Helper()
	want, ok := reference(line)
	problem := r.problem(line)
	if (problem == "") != ok {
		t.Errorf("%q: the statements find %q, but it is good: %t", line, problem, ok)
	} else if ok {
		if got := r.pairs(line); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: the statements find the pairs %q, want %q", line, got, want)
		}
	}
	return ok
}

// TestJSONPatterns: what the statements take for a record, and find in it, is
// what a reader of JSON does.
func TestJSONPatterns(t *testing.T) {
	r, m := newJSONReader(), jsonMaker{rand.New(rand.NewSource(7))}
	good := 0
	for i := 0; i < 2500 && !t.Failed(); i++ {
		line := m.object(4)
		if i%2 == 1 {
			line = m.damaged(line)
		}
		if checkLine(t, r, line) {
			good++
		}
	}
	if good < 500 || good > 2000 {
		t.Errorf("%d of 2500 lines were good: that proves little", good)
	}
	for depth, want := range map[int]string{jsonDepth: "", jsonDepth + 1: "deep"} {
		if got := r.problem(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)); got != want {
			t.Errorf("%d levels: %q, want %q", depth, got, want)
		}
		list := `{"a":` + strings.Repeat(`[`, depth-1) + strings.Repeat("]", depth-1) + "}"
		if got := r.problem(list); got != want {
			t.Errorf("%d levels of lists: %q, want %q", depth, got, want)
		} else if want == "" {
			checkLine(t, r, list)
		}
	}
}

func FuzzJSONPatterns(f *testing.F) {
	for _, line := range []string{`{}`, `{"a":1}`, `{"a":[1,{"b":"\u0000"}],"a":2}`, `{"a":"x\":\",":"}`, `{"":""}{}`, `{"a":1.5e+07,"b":[[]]}`} {
		f.Add(line)
	}
	r := newJSONReader()
	f.Fuzz(func(t *testing.T, line string) {
		if utf8.ValidString(line) && !strings.ContainsRune(line, '\ufffd') {
			checkLine(t, r, line)
		}
	})
}

func TestPaths(t *testing.T) {
	for _, keys := range [][]string{{"a"}, {""}, {"", ""}, {"a.b", "é\x1f", ""}} {
		if got, err := keysOf(pathOf(keys)); err != nil || !slices.Equal(got, keys) {
			t.Errorf("%q became %q, %v", keys, got, err)
		}
	}
	if _, err := keysOf("zz"); err == nil {
		t.Error("a path that is none was read")
	}
}
