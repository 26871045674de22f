package config

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A sqlKind is what a token of SQL is.
type sqlKind uint8

const (
	sqlNone   sqlKind = iota
	sqlWord           // a keyword or a name
	sqlQuoted         // a name in quotes, which are taken off
	sqlText           // a string literal
	sqlNumber
	sqlSymbol // one character
)

type sqlToken struct {
	kind sqlKind
	text string
	at   int // where it starts
}

// is compares with a keyword in capitals or a symbol.
func (t sqlToken) is(text string) bool {
	return (t.kind == sqlSymbol || t.kind == sqlWord) && strings.EqualFold(t.text, text)
}

// A sqlLexer cuts SQL into tokens. It takes what PostgreSQL and DuckDB write, or
// with google what BigQuery does: there a backslash escapes within quotes, text
// may stand in double or triple quotes, and # starts a comment.
type sqlLexer struct {
	text   string
	at     int
	google bool
}

// lexSQL returns the tokens of a text without its comments. What has no end
// ends with the text.
func lexSQL(text string, google bool) []sqlToken {
	l := sqlLexer{text: text, google: google}
	var tokens []sqlToken
	for l.at < len(text) {
		at := l.at
		if t := l.next(); t.kind != sqlNone {
			t.at = at
			tokens = append(tokens, t)
		}
	}
	return tokens
}

func (l *sqlLexer) next() sqlToken {
	rest := l.text[l.at:]
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case unicode.IsSpace(r):
		l.at += size
		return sqlToken{}
	case strings.HasPrefix(rest, "--"), l.google && r == '#':
		l.to("\n")
		return sqlToken{}
	case strings.HasPrefix(rest, "/*"):
		l.comment()
		return sqlToken{}
	case r == '\'', r == '"' && l.google:
		return l.literal(l.google)
	case r == '"' || r == '`':
		return sqlToken{kind: sqlQuoted, text: l.quoted(string(r), l.google)}
	case r == '$' && !l.google:
		return l.dollars()
	case r >= '0' && r <= '9':
		return sqlToken{kind: sqlNumber, text: l.while(func(r rune) bool { return inWord(r) || r == '.' })}
	case inWord(r):
		return l.word()
	}
	l.at += size
	return sqlToken{kind: sqlSymbol, text: rest[:size]}
}

func inWord(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// while reads as long as the characters are good.
func (l *sqlLexer) while(good func(rune) bool) string {
	rest := l.text[l.at:]
	n := strings.IndexFunc(rest, func(r rune) bool { return !good(r) })
	if n < 0 {
		n = len(rest)
	}
	l.at += n
	return rest[:n]
}

// to goes on after the next end, or to the end of all, and returns what is
// before it.
func (l *sqlLexer) to(end string) string {
	before, _, found := strings.Cut(l.text[l.at:], end)
	l.at += len(before)
	if found {
		l.at += len(end)
	}
	return before
}

// comment goes over one between /* and */, within which there may be others.
func (l *sqlLexer) comment() {
	for depth := 0; l.at < len(l.text); {
		rest := l.text[l.at:]
		switch {
		case strings.HasPrefix(rest, "/*") && (depth == 0 || !l.google):
			depth++
			l.at += 2
		case strings.HasPrefix(rest, "*/"):
			l.at += 2
			if depth--; depth == 0 {
				return
			}
		default:
			l.at++
		}
	}
}

// literal reads a text in quotes of one or, in BigQuery, of three.
func (l *sqlLexer) literal(escapes bool) sqlToken {
	quote := l.text[l.at : l.at+1]
	if three := strings.Repeat(quote, 3); l.google && strings.HasPrefix(l.text[l.at:], three) {
		quote = three
	}
	return sqlToken{kind: sqlText, text: l.quoted(quote, escapes)}
}

// quoted reads what is between quotes: a quote within is doubled, or stands
// after a backslash.
func (l *sqlLexer) quoted(quote string, escapes bool) string {
	l.at += len(quote)
	var b strings.Builder
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case escapes && rest[0] == '\\':
			b.WriteString(rest[1:min(2, len(rest))])
			l.at += min(2, len(rest))
		case !strings.HasPrefix(rest, quote):
			b.WriteByte(rest[0])
			l.at++
		case !l.google && strings.HasPrefix(rest[len(quote):], quote):
			b.WriteString(quote)
			l.at += 2 * len(quote)
		default:
			l.at += len(quote)
			return b.String()
		}
	}
	return b.String()
}

// dollars reads $tag$text$tag$, or a dollar that is none of this.
func (l *sqlLexer) dollars() sqlToken {
	rest := l.text[l.at:]
	end := strings.IndexFunc(rest[1:], func(r rune) bool { return r == '$' || !inWord(r) })
	if end < 0 || rest[1+end] != '$' || end > 0 && rest[1] >= '0' && rest[1] <= '9' {
		l.at++
		return sqlToken{kind: sqlSymbol, text: "$"}
	}
	tag := rest[:end+2]
	l.at += len(tag)
	return sqlToken{kind: sqlText, text: l.to(tag)}
}

// word reads a name, or a literal with letters before its quote: E'\n', r"\d".
func (l *sqlLexer) word() sqlToken {
	word := l.while(inWord)
	if l.at < len(l.text) && (l.text[l.at] == '\'' || l.google && l.text[l.at] == '"') {
		switch strings.ToLower(word) {
		case "e":
			return l.literal(true)
		case "r", "rb", "br":
			return l.literal(false)
		case "b", "x", "n":
			return l.literal(l.google)
		}
	}
	return sqlToken{kind: sqlWord, text: word}
}
