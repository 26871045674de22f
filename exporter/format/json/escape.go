package json

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escape measures the escape, or pair of surrogates, that b begins with. 0 = none.
func escape(b []byte) (n int, f flaws) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, 0
	case 'u':
	default:
		return 0, 0
	}
	r := hex4(b)
	switch {
	case r < 0:
		return 0, 0
	case r == 0:
		return 6, hasNUL
	case !utf16.IsSurrogate(r):
		return 6, 0
	case utf16.DecodeRune(r, hex4(b[6:])) == utf8.RuneError:
		return 6, badUTF8
	}
	return 12, 0
}

// hex4 returns the number in \uXXXX at the front of b, or -1.
func hex4(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape appends to dst what a string stands for, given what is between its
// quotes and that str found no mistake there. Lone surrogates become U+FFFD.
func unescape(dst, s []byte) []byte {
	for {
		i := 0
		for i < len(s) && s[i] != '\\' {
			i++
		}
		dst = append(dst, s[:i]...)
		if i == len(s) {
			return dst
		}
		s = s[i:]
		n, _ := escape(s)
		switch s[1] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(s)
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, hex4(s[6:]))
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, s[1])
		}
		s = s[n:]
	}
}

// storable returns b as valid UTF-8 without U+0000, for a reject: bytes that
// have no place in it as \x and two hexadecimal digits.
func storable(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || r == 0 {
			out = append(out, '\\', 'x', digits[b[0]>>4], digits[b[0]&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return string(out)
}
