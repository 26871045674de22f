//go:build cgo && !noduckdb

package bigquerytest

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A tokenKind says what a token is.
type tokenKind int

const (
	word   tokenKind = iota // a bare word: a keyword or a name
	quoted                  // a name in backticks
	str                     // a string literal
	blob                    // a bytes literal
	number
	param // @name
	punct
)

// A token of GoogleSQL. Val is the decoded text; key the word in capitals, or
// the punctuation.
type token struct {
	kind   tokenKind
	val    string
	key    string
	offset int // of its first byte in the text
	end    int // behind its last
}

func (t token) is(keys ...string) bool {
	if t.kind != word && t.kind != punct {
		return false
	}
	for _, k := range keys {
		if t.key == k {
			return true
		}
	}
	return false
}

// named reports whether the token can be a name.
func (t token) named() bool { return t.kind == quoted || t.kind == word }

// tokens splits GoogleSQL into tokens; comments are left out.
func tokens(text string) ([]token, error) {
	var out []token
	for i := 0; i < len(text); {
		n, err := skipSpace(text[i:])
		if err != nil {
			return nil, err
		}
		if i += n; i >= len(text) {
			break
		}
		t, n, err := lex(text[i:])
		if err != nil {
			line := 1 + strings.Count(text[:i], "\n")
			return nil, badQuery("Syntax error: %v at [%d:%d]", err, line, i-strings.LastIndex(text[:i], "\n"))
		}
		t.offset, t.end = i, i+n
		out = append(out, t)
		i += n
	}
	return out, nil
}

// skipSpace is how long the space and comments at the start are.
func skipSpace(s string) (int, error) {
	i := 0
	for i < len(s) {
		rest := s[i:]
		switch {
		case strings.ContainsRune(" \t\r\n", rune(rest[0])):
			i++
		case rest[0] == '#' || strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return len(s), nil
			}
			i += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return 0, badQuery("Syntax error: Unclosed comment")
			}
			i += n + 4
		default:
			return i, nil
		}
	}
	return i, nil
}

// lex reads the token at the start of s.
func lex(s string) (token, int, error) {
	c := s[0]
	switch {
	case c == '`':
		end := strings.IndexByte(s[1:], '`')
		if end <= 0 {
			return token{}, 0, badQuery("Unclosed identifier literal")
		}
		return token{kind: quoted, val: s[1 : 1+end]}, end + 2, nil
	case c == '\'' || c == '"':
		return lexString(s, "")
	case isLetter(c):
		n := 1
		for n < len(s) && (isLetter(s[n]) || isDigit(s[n])) {
			n++
		}
		prefix := strings.ToLower(s[:n])
		if n < len(s) && (s[n] == '\'' || s[n] == '"') && (prefix == "r" || prefix == "b" || prefix == "rb" || prefix == "br") {
			t, m, err := lexString(s[n:], prefix)
			return t, n + m, err
		}
		return token{kind: word, val: s[:n], key: strings.ToUpper(s[:n])}, n, nil
	case isDigit(c), c == '.' && len(s) > 1 && isDigit(s[1]):
		return lexNumber(s)
	case c == '@':
		n := 1
		for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '@' || n > 2 && s[1] == '@' && s[n] == '.') {
			n++
		}
		return token{kind: param, val: s[1:n]}, n, nil
	}
	for _, p := range []string{"<=", ">=", "<>", "!=", "||", "=>"} {
		if strings.HasPrefix(s, p) {
			return token{kind: punct, val: p, key: p}, 2, nil
		}
	}
	if strings.IndexByte("+-*/(),.;=<>[]:?", c) < 0 {
		r, _ := utf8.DecodeRuneInString(s)
		return token{}, 0, badQuery("Illegal input character %q", string(r))
	}
	return token{kind: punct, val: s[:1], key: s[:1]}, 1, nil
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func lexNumber(s string) (token, int, error) {
	if len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		n := 2
		for n < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[n]) >= 0 {
			n++
		}
		v, err := strconv.ParseInt(s[:n], 0, 64)
		if err != nil {
			return token{}, 0, badQuery("Invalid integer literal: %s", s[:n])
		}
		return token{kind: number, val: strconv.FormatInt(v, 10)}, n, nil
	}
	n := 0
	for n < len(s) && (isDigit(s[n]) || s[n] == '.') {
		n++
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if m < len(s) && isDigit(s[m]) {
			for n = m; n < len(s) && isDigit(s[n]); n++ {
			}
		}
	}
	v := s[:n]
	if strings.ContainsAny(v, ".eE") { // DuckDB would make it a DECIMAL
		v = "CAST(" + v + " AS DOUBLE)"
	}
	return token{kind: number, val: v}, n, nil
}

// lexString reads a literal in single, double or triple quotes.
func lexString(s, prefix string) (token, int, error) {
	quote := s[:1]
	if strings.HasPrefix(s, strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	raw := strings.Contains(prefix, "r")
	var b strings.Builder
	for i := len(quote); i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], quote):
			kind := str
			if strings.Contains(prefix, "b") {
				kind = blob
			} else if strings.ContainsRune(b.String(), 0) {
				return token{}, 0, badQuery("bigquerytest has no strings with NUL")
			}
			return token{kind: kind, val: b.String()}, i + len(quote), nil
		case s[i] == '\\' && i+1 < len(s) && raw:
			b.WriteString(s[i : i+2])
			i += 2
		case s[i] == '\\':
			n, err := unescape(&b, s[i:], strings.Contains(prefix, "b"))
			if err != nil {
				return token{}, 0, err
			}
			i += n
		case s[i] == '\n' && len(quote) == 1:
			return token{}, 0, badQuery("Unclosed string literal")
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return token{}, 0, badQuery("Unclosed string literal")
}

// unescape writes the character that an escape stands for, and returns the
// escape's length.
func unescape(b *strings.Builder, s string, bytes bool) (int, error) {
	if len(s) < 2 {
		return 0, badQuery("Unclosed string literal")
	}
	if i := strings.IndexByte(`abfnrtv\?"'`+"`", s[1]); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v\\?\"'`"[i])
		return 2, nil
	}
	digits, base := 0, 16
	switch s[1] {
	case 'x', 'X':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	case '0', '1', '2', '3':
		base, digits = 8, 3
	}
	from := 2
	if base == 8 {
		from = 1
	}
	if digits == 0 || len(s) < from+digits {
		return 0, badQuery("Illegal escape sequence: %s", s[:2])
	}
	v, err := strconv.ParseUint(s[from:from+digits], base, 32)
	if err != nil {
		return 0, badQuery("Illegal escape sequence: %s", s[:from+digits])
	}
	if bytes && v < 256 {
		b.WriteByte(byte(v))
	} else {
		b.WriteRune(rune(v))
	}
	return from + digits, nil
}

// closing is the place of the bracket that closes the one at i.
func closing(toks []token, i int) (int, error) {
	if i >= len(toks) {
		return 0, unexpected(toks, i)
	}
	depth := 0
	for j := i; j < len(toks); j++ {
		switch {
		case toks[j].is("(", "["):
			depth++
		case toks[j].is(")", "]"):
			if depth--; depth == 0 {
				return j, nil
			}
		}
	}
	return 0, badQuery("Syntax error: Expected %q but got end of script", map[string]string{"(": ")", "[": "]"}[toks[i].key])
}

// inside are the tokens within a pair of brackets that is all of toks.
func inside(toks []token) ([]token, error) {
	if len(toks) == 0 || !toks[0].is("(", "[") {
		return nil, unexpected(toks, 0)
	}
	end, err := closing(toks, 0)
	if err == nil && end != len(toks)-1 {
		err = unexpected(toks, end+1)
	}
	if err != nil {
		return nil, err
	}
	return toks[1:end], nil
}

// split cuts at a word or punctuation outside of brackets and CASE.
func split(toks []token, at string) [][]token {
	var parts [][]token
	depth, start := 0, 0
	for i, t := range toks {
		switch {
		case t.is("(", "[", "CASE"):
			depth++
		case t.is(")", "]", "END"):
			depth--
		case depth == 0 && t.is(at):
			parts = append(parts, toks[start:i])
			start = i + 1
		}
	}
	return append(parts, toks[start:])
}

// find is the place of the first of the words outside of brackets and CASE, or -1.
func find(toks []token, words ...string) int {
	depth := 0
	for i, t := range toks {
		switch {
		case depth == 0 && t.is(words...):
			return i
		case t.is("(", "[", "CASE"):
			depth++
		case t.is(")", "]", "END"):
			depth--
		}
	}
	return -1
}
