package bucket

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxPattern is the most bytes of a pattern, which is the most that the stores
// allow a name.
const maxPattern = 1024

// A pattern says which names of objects are meant:
//
//   - any characters but /
//     **         any characters; "a/**/b" matches a/b as well
//     ?          one character but /
//     [a-z] [!a] one character of a set, or not of it, never /
//     {a,b}      either; patterns may stand inside
//     {date:%Y/%m/%d}  a date; see dateParts
//     \*         the character itself
//
// The whole name must match, from the connection's url on. Everything is matched
// here and not by the store, so that all stores agree.
type pattern struct {
	text   string
	prefix string // what every matching name starts with
	re     *regexp.Regexp
	dates  []rune // the letters of the date parts, in the order of re's groups
}

// parsePattern compiles a pattern. Errors name what is wrong and where.
func parsePattern(text string) (*pattern, error) {
	switch {
	case text == "":
		return nil, fmt.Errorf("missing; name the objects to read, such as exports/*.csv.gz")
	case len(text) > maxPattern:
		return nil, fmt.Errorf("a pattern of %d bytes; no name has more than %d", len(text), maxPattern)
	case !utf8.ValidString(text):
		return nil, fmt.Errorf("%q is not UTF-8", text)
	case strings.Contains(text, "://"), strings.HasPrefix(text, "/"):
		return nil, fmt.Errorf("%q: want names below the connection's url, without it and without a leading slash", text)
	case strings.HasSuffix(text, "/"):
		return nil, fmt.Errorf("%q names a folder; add * for the objects in it, or ** for those below it too", text)
	}
	p := &patternParser{text: text}
	p.out.WriteString(`(?s)\A`)
	if err := p.sequence(0); err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	p.out.WriteString(`\z`)
	re, err := regexp.Compile(p.out.String())
	if err != nil {
		return nil, fmt.Errorf("%q: too large a pattern", text)
	}
	if err := checkDates(p.dates); err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return &pattern{text: text, prefix: p.prefix.String(), re: re, dates: p.dates}, nil
}

// match reports whether the name matches, and the days that its date parts
// stand for: none when the pattern has no date part.
func (p *pattern) match(name string) (span, bool) {
	if !strings.HasPrefix(name, p.prefix) {
		return span{}, false
	}
	if len(p.dates) == 0 {
		return span{}, p.re.MatchString(name)
	}
	m := p.re.FindStringSubmatch(name)
	if m == nil {
		return span{}, false
	}
	return spanOf(p.dates, m[1:])
}

// A patternParser writes the regular expression of a pattern.
type patternParser struct {
	text   string
	i      int
	out    strings.Builder
	prefix strings.Builder
	fixed  bool // the prefix has ended
	dates  []rune
}

// maxBraces is how deep braces may stand in braces.
const maxBraces = 20

// sequence reads to the end of the text, or of one alternative inside braces.
func (p *patternParser) sequence(depth int) error {
	for p.i < len(p.text) {
		c, n := utf8.DecodeRuneInString(p.text[p.i:])
		switch {
		case depth > 0 && (c == ',' || c == '}'):
			return nil
		case c == '}':
			return fmt.Errorf("byte %d: } without {; write \\} for the character itself", p.i+1)
		case c == '*' || c == '?' || c == '[' || c == '{':
			p.fixed = true
			if err := p.special(c, depth); err != nil {
				return err
			}
			continue
		case c == '\\':
			if p.i+1 == len(p.text) {
				return fmt.Errorf("ends in \\; write \\\\ for the character itself")
			}
			p.i++
			c, n = utf8.DecodeRuneInString(p.text[p.i:])
		}
		p.literal(c)
		p.i += n
	}
	return nil
}

func (p *patternParser) literal(c rune) {
	p.out.WriteString(regexp.QuoteMeta(string(c)))
	if !p.fixed {
		p.prefix.WriteRune(c)
	}
}

func (p *patternParser) special(c rune, depth int) error {
	rest := p.text[p.i:]
	switch {
	case strings.HasPrefix(rest, "**/") && (p.i == 0 || p.text[p.i-1] == '/'):
		p.out.WriteString(`(?:.*/)?`)
		p.i += 3
	case strings.HasPrefix(rest, "**"):
		p.out.WriteString(`.*`)
		p.i += 2
	case c == '*':
		p.out.WriteString(`[^/]*`)
		p.i++
	case c == '?':
		p.out.WriteString(`[^/]`)
		p.i++
	case c == '[':
		return p.class()
	case strings.HasPrefix(rest, "{date:"):
		return p.date()
	default:
		return p.braces(depth + 1)
	}
	return nil
}

// braces reads {a,b}.
func (p *patternParser) braces(depth int) error {
	start := p.i
	if depth > maxBraces {
		return fmt.Errorf("byte %d: braces more than %d deep", start+1, maxBraces)
	}
	p.out.WriteString(`(?:`)
	for p.i++; ; p.i++ {
		if err := p.sequence(depth); err != nil {
			return err
		}
		if p.i == len(p.text) {
			return fmt.Errorf("byte %d: { without }; write \\{ for the character itself", start+1)
		}
		if p.text[p.i] == '}' {
			break
		}
		p.out.WriteByte('|')
	}
	p.out.WriteByte(')')
	p.i++
	return nil
}

// class reads [a-z] or [!a-z].
func (p *patternParser) class() error {
	start := p.i
	p.i++
	negated := p.i < len(p.text) && (p.text[p.i] == '!' || p.text[p.i] == '^')
	if negated {
		p.i++
	}
	var set strings.Builder
	for first := true; ; first = false {
		low, closed, err := p.member(start, first)
		if err != nil {
			return err
		}
		if closed {
			break
		}
		high := low
		if rest := p.text[p.i:]; len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			p.i++
			if high, _, err = p.member(start, true); err != nil {
				return err
			}
		}
		switch {
		case low == '/' && high == '/' && !negated:
			return fmt.Errorf("byte %d: a / in [...], which never matches one", start+1)
		case high < low:
			return fmt.Errorf("byte %d: [%c-%c] runs backwards", start+1, low, high)
		}
		addRange(&set, low, high, negated)
	}
	if negated {
		p.out.WriteString(`[^/` + set.String() + `]`)
	} else {
		p.out.WriteString(`[` + set.String() + `]`)
	}
	return nil
}

// member reads one character of a set; closed is its end. A ] that comes first
// is a character.
func (p *patternParser) member(start int, first bool) (c rune, closed bool, err error) {
	unclosed := fmt.Errorf("byte %d: [ without ]; write \\[ for the character itself", start+1)
	if p.i == len(p.text) {
		return 0, false, unclosed
	}
	c, n := utf8.DecodeRuneInString(p.text[p.i:])
	p.i += n
	switch {
	case c == ']' && !first:
		return 0, true, nil
	case c == '\\':
		if p.i == len(p.text) {
			return 0, false, unclosed
		}
		c, n = utf8.DecodeRuneInString(p.text[p.i:])
		p.i += n
	}
	return c, false, nil
}

// addRange adds low-high, without a / in the middle.
func addRange(set *strings.Builder, low, high rune, negated bool) {
	if !negated && low <= '/' && '/' <= high {
		if low < '/' {
			addRange(set, low, '/'-1, true)
		}
		if '/' < high {
			addRange(set, '/'+1, high, true)
		}
		return
	}
	fmt.Fprintf(set, `\x{%x}-\x{%x}`, low, high)
}
