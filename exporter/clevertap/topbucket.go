package clevertap

import (
	"bytes"
	"encoding/json"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"tapline/exporter"
)

// How the vendor may write a bucket of numbers. Only "0-100" was seen.
const (
	numeral  = `(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)`
	infinity = `(?:(?i:-?inf(?:inity)?)|-?∞)`
)

var (
	bucketBoth = regexp.MustCompile(`^(?:` + numeral + `|` + infinity + `)\s*(?:-|–|to)\s*(?:` + numeral + `|` + infinity + `)$`)
	bucketLow  = regexp.MustCompile(`^(?:` + numeral + `\s*[-+]|>=?\s*` + numeral + `)$`)
	bucketHigh = regexp.MustCompile(`^<=?\s*` + numeral + `$`)
	bucketOne  = regexp.MustCompile(`^` + numeral + `$`)
)

// bucket reads the bounds of a bucket, given as a JSON string, into JSON
// numbers: nil where it is open, both where it is a single number. Ok is false
// for what is no bucket, and for bounds that a float64 does not hold.
func bucket(raw []byte) (low, high []byte, ok bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil, nil, false
	}
	text = strings.TrimSpace(text)
	if m := bucketOne.FindStringSubmatch(text); m != nil {
		low, high = []byte(m[1]), []byte(m[1])
	} else if m := bucketBoth.FindStringSubmatch(text); m != nil {
		low, high = bound(m[1]), bound(m[2])
	} else if m := bucketLow.FindStringSubmatch(text); m != nil {
		low = bound(m[1] + m[2])
	} else if m := bucketHigh.FindStringSubmatch(text); m != nil {
		high = bound(m[1])
	}
	if low == nil && high == nil || !held(low) || !held(high) {
		return nil, nil, false
	}
	if low != nil && high != nil && number64(low) > number64(high) {
		return nil, nil, false
	}
	return low, high, true
}

func bound(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

// held reports whether a float64 holds the number, digit by digit.
func held(n []byte) bool {
	digits := 0
	for _, c := range n {
		if c == 'e' || c == 'E' {
			break
		}
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	f := number64(n)
	return digits <= 15 && f <= exporter.Exact && f >= -exporter.Exact
}

func number64(n []byte) float64 {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return 2 * exporter.Exact // out of range
	}
	return f
}

// pairs are the keys of an object and their values, each as it is written. The
// object must be valid JSON; anything else has no pairs. Keys are not checked:
// that is for whoever makes rows of them.
func pairs(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(object), []byte("{"))
		for ok {
			rest = bytes.TrimLeft(rest, " \t\r\n,")
			n := extent(rest)
			if n == 0 {
				return
			}
			key := rest[:n]
			rest = bytes.TrimLeft(rest[n:], " \t\r\n:")
			n = extent(rest)
			if n == 0 || !yield(key, rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// extent is how long the JSON value is that doc begins with, 0 when there is none.
func extent(doc []byte) int {
	depth := 0
	for i := 0; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			for i++; i < len(doc) && doc[i] != '"'; i++ {
				if doc[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return i // of a number, true, false or null before it
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return min(i+1, len(doc))
		}
	}
	return len(doc)
}

// listOf makes a list of records; nil when there are none.
func listOf(records [][]byte) []byte {
	if len(records) == 0 {
		return nil
	}
	return append(append([]byte("["), bytes.Join(records, []byte(","))...), ']')
}

// quoted is a text as JSON.
func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		return []byte(`""`) // a string always marshals
	}
	return b
}
