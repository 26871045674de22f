package loader

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tapline/warehouse"
)

// maxName is the longest name made here, in bytes: PostgreSQL cuts longer ones,
// and a table should have the same columns in every warehouse.
const maxName = 63

// Name makes a column or table name from a vendor's: lower_snake, of ASCII
// letters, digits and underscores, at most 63 bytes, starting with a letter or
// an underscore. It is a pure function: eventProps.Amount is always
// event_props_amount. Where letters are lost that ASCII does not have, or the
// name is cut, a suffix made from the original keeps different names apart.
func Name(original string) string {
	s, lost := snake(original)
	switch {
	case s == "":
		s, lost = "column", true
	case s[0] >= '0' && s[0] <= '9':
		s = "_" + s
	}
	if lost || len(s) > maxName {
		return suffixed(s, original)
	}
	return s
}

// suffixed appends to s a suffix that depends on the original name alone.
func suffixed(s, original string) string {
	sum := sha256.Sum256([]byte(original))
	suffix := "_" + hex.EncodeToString(sum[:4])
	if len(s) > maxName-len(suffix) {
		s = strings.TrimRight(s[:maxName-len(suffix)], "_")
	}
	return s + suffix
}

// snake cuts the words of a name apart and reports whether it had to drop a
// letter, digit or symbol. Accents are folded: été is ete.
func snake(original string) (name string, lost bool) {
	runes := slices.DeleteFunc([]rune(norm.NFD.String(original)), func(r rune) bool { return unicode.Is(unicode.Mn, r) })
	var b strings.Builder
	gap := false
	for i, r := range runes {
		switch {
		case r >= unicode.MaxASCII && !unicode.IsSpace(r) && !unicode.IsPunct(r) && !unicode.IsControl(r):
			lost, gap = true, true
			continue
		case !isWord(r):
			gap = true
			continue
		}
		if b.Len() > 0 && (gap || wordStarts(runes, i)) {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String(), lost
}

// wordStarts reports whether a capital at i begins a word: after a small letter
// or digit (sdkVersion), or as the last capital of a run (CTSource).
func wordStarts(runes []rune, i int) bool {
	if i == 0 || !isUpper(runes[i]) {
		return false
	}
	before := runes[i-1]
	if isUpper(before) {
		return i+1 < len(runes) && isLower(runes[i+1])
	}
	return isWord(before)
}

func isUpper(r rune) bool { return r >= 'A' && r <= 'Z' }
func isLower(r rune) bool { return r >= 'a' && r <= 'z' }
func isWord(r rune) bool  { return isUpper(r) || isLower(r) || r >= '0' && r <= '9' }

// names assigns a column name to each vendor name, given the columns that the
// table has. A vendor name keeps the column it already has; a rename is taken
// as it is; the others are named in the order of the vendor names, and one that
// finds its name taken, or reserved, gets a suffix.
func names(have []warehouse.Column, sources []string, renames map[string]string, reserved ...warehouse.Column) (map[string]string, error) {
	taken := map[string]string{} // folded column name -> vendor name
	owner := map[string]string{} // vendor name -> column
	for _, c := range have {
		taken[strings.ToLower(c.Name)] = c.Source
		if c.Source != "" {
			owner[c.Source] = c.Name
		}
	}
	for _, c := range systemColumns() {
		taken[c.Name] = c.Name
	}
	if err := reserve(taken, reserved); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(sources))
	claim := func(source, name string) { out[source] = name; taken[strings.ToLower(name)] = source }

	sources = slices.Sorted(slices.Values(sources))
	var rest []string
	for _, s := range sources {
		if to, ok := renames[s]; ok {
			if by, clash := taken[strings.ToLower(to)]; clash && by != s && by != "" {
				return nil, fmt.Errorf("loader: %w: column %q is to be renamed to %q, which is the column of %q; choose another name", ErrName, s, to, by)
			}
			claim(s, to)
		} else if name, ok := owner[s]; ok {
			out[s] = name
		} else {
			rest = append(rest, s)
		}
	}
	for _, s := range rest {
		name := Name(s)
		if by, ok := taken[name]; ok && by != "" && by != s {
			name = suffixed(name, s)
		}
		if by, ok := taken[name]; ok && by != "" && by != s {
			return nil, fmt.Errorf("loader: %w: columns %q and %q both come to %q; rename one of them under columns", ErrName, by, s, name)
		}
		claim(s, name)
	}
	return out, nil
}

// tableName fills the placeholders of a table template. Values are made safe;
// what the template says itself is taken as it is.
func tableName(template string, vars map[string]string) (string, error) {
	var b strings.Builder
	for rest := template; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		key, tail, closed := strings.Cut(after, "}")
		value, known := vars[key]
		if !closed || !known {
			return "", fmt.Errorf("loader: table template %q: no value for {%s}; the stream offers %s", template, key, placeholders(vars))
		}
		b.WriteString(Name(value))
		rest = tail
	}
	name := b.String()
	if len(name) > maxName {
		name = suffixed(name, name)
	}
	if strings.HasPrefix(strings.ToLower(name), "_tapline_") {
		return "", fmt.Errorf("loader: table %q: %w: names that start with _tapline_ are tapline's own", name, ErrName)
	}
	if name == "" {
		return "", fmt.Errorf("loader: table template %q comes to an empty name", template)
	}
	return name, nil
}

func placeholders(vars map[string]string) string {
	if len(vars) == 0 {
		return "no placeholders"
	}
	var keys []string
	for k := range vars {
		keys = append(keys, "{"+k+"}")
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}
