package clevertap

import (
	"bytes"
	"encoding/json"
	"iter"
	"regexp"
	"strconv"
	"strings"
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
	l, lowHeld := held(low)
	h, highHeld := held(high)
	if low == nil && high == nil || !lowHeld || !highHeld || low != nil && high != nil && l > h {
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

// held is the value of a bound, and whether a float64 holds it digit by digit.
func held(bound []byte) (v float64, ok bool) {
	if bound == nil {
		return 0, true
	}
	digits := 0
	for _, c := range bound {
		if c == 'e' || c == 'E' {
			break
		}
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	v, err := strconv.ParseFloat(string(bound), 64)
	return v, err == nil && digits <= 15
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
