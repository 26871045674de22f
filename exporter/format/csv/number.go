package csv

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

	"tapline/exporter"
)

// number tells whether v, which is not empty, is a number in canonical form.
//
// Integers are those that are written as they would be written again: 007,
// +91, -0 and 1,234 are text, and so is what an int64 does not hold. Fractions
// are those whose digits a float64 gives back. An exponent needs a point or a
// sign to be one: 12e5 is more often a code than a number.
func (t *typer) number(v []byte) exporter.Kinds {
	i := 0
	if v[0] == '-' {
		i = 1
	}
	first := i
	var m uint64
	for i < len(v) {
		d := v[i] - '0'
		if d > 9 {
			break
		}
		m = m*10 + uint64(d)
		i++
	}
	n := i - first
	switch {
	case n == 0 || n > 1 && v[first] == '0':
		return exporter.Text
	case i == len(v):
		return t.integer(m, n, first == 1)
	case v[i] == '.':
		return t.fraction(v, m, first, i)
	case v[i]|0x20 == 'e' && i+1 < len(v) && (v[i+1] == '+' || v[i+1] == '-'):
		return t.scientific(v, i, 0)
	}
	return exporter.Text
}

// integer is the integer of n digits, made of which is m.
func (t *typer) integer(m uint64, n int, negative bool) exporter.Kinds {
	switch {
	case n > 19 || m > math.MaxInt64 && !(negative && m == 1<<63), negative && m == 0:
		return exporter.Text
	case negative:
		t.i = -int64(m)
	default:
		t.i = int64(m)
	}
	if m > exporter.Exact {
		return exporter.Long
	}
	return exporter.Int
}

// fraction is what has a point at i, behind digits from first that make m.
func (t *typer) fraction(v []byte, m uint64, first, point int) exporter.Kinds {
	i := point + 1
	for i < len(v) {
		d := v[i] - '0'
		if d > 9 {
			break
		}
		m = m*10 + uint64(d)
		i++
	}
	n := i - point - 1
	switch {
	case n == 0:
		return exporter.Text
	case i < len(v):
		if v[i]|0x20 != 'e' {
			return exporter.Text
		}
		return t.scientific(v, i, n)
	}
	digits := i - 1 - first
	if v[first] == '0' {
		digits--
	}
	if digits > 15 {
		return t.long(v, n)
	}
	// Both numbers are exact, so that one rounding is all there is; and fifteen
	// digits survive it.
	t.f = float64(m) / tens[n]
	if first == 1 {
		t.f = -t.f
	}
	return exporter.Float | exporter.Frac(n) | ending(v, n)
}

// ending notes the zeros at the end of a fraction of n digits.
func ending(v []byte, n int) exporter.Kinds {
	switch {
	case v[len(v)-1] != '0':
		return 0
	case n == 1:
		return exporter.Dotted
	}
	return exporter.Padded
}

// long is a decimal of more than 15 digits, n of them behind the point.
func (t *typer) long(v []byte, n int) exporter.Kinds {
	f, err := strconv.ParseFloat(unsafe.String(&v[0], len(v)), 64)
	if err != nil {
		return exporter.Text
	}
	var room [64]byte
	short := strconv.AppendFloat(room[:0], f, 'f', -1, 64)
	if !bytes.Equal(short, bytes.TrimSuffix(bytes.TrimRight(v, "0"), []byte{'.'})) {
		return exporter.Text
	}
	t.f = f
	k := exporter.Float | exporter.Frac(n)
	how := ending(v, n)
	if how != 0 && (math.Abs(f) > exporter.Exact || !bytes.Equal(strconv.AppendFloat(room[:0], f, 'f', n, 64), v)) {
		how = exporter.Odd
	}
	return k | how
}

// scientific is a number with an exponent, whose e stands at i behind a
// fraction of n digits; 0 = it has no point.
func (t *typer) scientific(v []byte, i, n int) exporter.Kinds {
	k := i + 1
	if k < len(v) && (v[k] == '+' || v[k] == '-') {
		k++
	}
	if k == len(v) {
		return exporter.Text
	}
	for _, c := range v[k:] {
		if c < '0' || c > '9' {
			return exporter.Text
		}
	}
	f, err := strconv.ParseFloat(unsafe.String(&v[0], len(v)), 64)
	if err != nil || !sameDecimal(v[:i], v[i+1:], n, f) {
		return exporter.Text
	}
	t.f = f
	if n == 0 {
		return exporter.Float | exporter.Odd
	}
	return exporter.Float | exporter.Odd | exporter.Frac(n)
}

// sameDecimal reports whether the shortest decimal of f is mantissa e exponent,
// where the mantissa has n digits behind its point.
func sameDecimal(mantissa, exponent []byte, n int, f float64) bool {
	e, err := strconv.Atoi(string(exponent))
	if err != nil {
		return false
	}
	var room, wanted [64]byte
	digits, e1 := significant(room[:0], mantissa)
	short := strconv.AppendFloat(wanted[:0], f, 'e', -1, 64)
	m, x, _ := bytes.Cut(short, []byte{'e'})
	e2, err := strconv.Atoi(string(x))
	if err != nil {
		return false
	}
	frac := max(len(bytes.TrimPrefix(m, []byte{'-'}))-2, 0)
	have, e3 := significant(nil, m)
	if len(have) == 0 {
		return len(digits) == 0
	}
	return bytes.Equal(digits, have) && e1+e-n == e3+e2-frac
}

// significant appends the digits of m without zeros at either end, and tells
// how many zeros were at the right end.
func significant(b, m []byte) (digits []byte, zeros int) {
	for _, c := range m {
		if c >= '0' && c <= '9' && (c != '0' || len(b) > 0) {
			b = append(b, c)
		}
	}
	digits = bytes.TrimRight(b, "0")
	return digits, len(b) - len(digits)
}

// tens are powers of ten, each of which a float64 holds exactly.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
