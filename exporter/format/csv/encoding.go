package csv

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// A decoder makes UTF-8 of another encoding. What has no place in UTF-8 becomes
// bytes that are no UTF-8, so that it is found where all invalid text is.
type decoder func(dst, src []byte, eof bool) (out []byte, used int)

// decoders by encoding; UTF-8 needs none.
var decoders = map[string]decoder{
	UTF16LE: func(dst, src []byte, eof bool) ([]byte, int) { return fromUTF16(dst, src, eof, 0) },
	UTF16BE: func(dst, src []byte, eof bool) ([]byte, int) { return fromUTF16(dst, src, eof, 1) },
	Latin1:  fromLatin1,
}

// fromUTF16 decodes units whose low byte stands at index low. A surrogate that
// stands alone becomes the three bytes that UTF-8 would have for it.
func fromUTF16(dst, src []byte, eof bool, low int) ([]byte, int) {
	unit := func(i int) rune { return rune(src[i+low]) | rune(src[i+1-low])<<8 }
	i := 0
	for ; i+1 < len(src); i += 2 {
		r := unit(i)
		switch {
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case !utf16.IsSurrogate(r):
			dst = utf8.AppendRune(dst, r)
		default:
			if r < 0xdc00 && i+3 >= len(src) && !eof {
				return dst, i
			}
			if i+3 < len(src) {
				if pair := utf16.DecodeRune(r, unit(i+2)); pair != utf8.RuneError {
					dst = utf8.AppendRune(dst, pair)
					i += 2
					continue
				}
			}
			dst = append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
		}
	}
	if eof && i < len(src) {
		dst = append(dst, 0xff) // half a unit
		i++
	}
	return dst, i
}

func fromLatin1(dst, src []byte, _ bool) ([]byte, int) {
	for _, c := range src {
		switch {
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		case c < 0xa0:
			dst = utf8.AppendRune(dst, windows1252[c-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return dst, len(src)
}

// windows1252 are the characters 0x80 to 0x9f. Source: the Encoding Standard of
// the WHATWG, index windows-1252.
var windows1252 = [32]rune{
	0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
}

// encoded counts the bytes of which a decoder made text.
func encoded(encoding string, text []byte) int64 {
	if encoding == UTF8 {
		return int64(len(text))
	}
	var characters, long int64 // long ones are two units of UTF-16
	for _, c := range text {
		if c&0xc0 != 0x80 {
			characters++
		}
		if c >= 0xf0 && c < 0xf8 {
			long++
		}
	}
	if encoding == Latin1 {
		return characters
	}
	return 2 * (characters + long)
}

// byteOrderMark tells the encoding that the content says itself it has, and
// how many bytes it says so in.
func byteOrderMark(b []byte) (encoding string, n int) {
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return UTF8, 3
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return UTF16LE, 2
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return UTF16BE, 2
	}
	return "", 0
}

// guessEncoding tells the encoding of content without a byte order mark.
func guessEncoding(b []byte, complete bool) string {
	var zeros [2]int
	for i, c := range b[:min(len(b), 1<<16)] {
		if c == 0 {
			zeros[i&1]++
		}
	}
	switch half := min(len(b), 1<<16) / 2; {
	case half == 0:
	case zeros[1]*4 >= half && zeros[0]*100 <= half:
		return UTF16LE
	case zeros[0]*4 >= half && zeros[1]*100 <= half:
		return UTF16BE
	}
	// Damaged UTF-8 has more of what is valid than of what is not.
	valid, invalid := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		if !complete && !utf8.FullRune(b) {
			break
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			invalid++
		} else {
			valid++
		}
		b = b[n:]
	}
	if invalid > valid {
		return Latin1
	}
	return UTF8
}

// storable returns b as valid UTF-8 without U+0000, for a reject: bytes that
// have no place in it as \x and two hexadecimal digits.
func storable(b []byte) string {
	const digits = "0123456789abcdef"
	if valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b)+16)
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

// valid reports whether b is UTF-8 without U+0000.
func valid(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }
