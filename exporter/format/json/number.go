package json

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

	"tapline/exporter/format"
)

// A number is a JSON number taken apart while it was checked.
type number struct {
	raw      []byte
	negative bool
	integer  bool   // written without fraction and exponent
	mantissa uint64 // all digits in a row, if there are at most 19 significant ones
	digits   int    // significant: leading zeros do not count
	exponent int    // of ten, to be applied to mantissa; bounded by maxExponent
}

// maxExponent is beyond what a float64 holds, however many digits stand before.
const maxExponent = 1 << 30

// number reads a number into n.
func (l *lexer) number(start int, n *number) int {
	i := start
	n.negative = l.at(i) == '-'
	if n.negative {
		i++
	}
	first := i
	n.mantissa, n.exponent, n.integer = 0, 0, true
	i = l.digits(i, &n.mantissa)
	n.digits = i - first
	switch {
	case n.digits == 0 && i == start:
		return l.fail(i, "want a value")
	case n.digits == 0:
		return l.fail(i, "want a digit")
	case l.doc[first] == '0':
		if n.digits > 1 {
			return l.fail(first+1, "number with a leading zero")
		}
		n.digits = 0
	}
	if c := l.at(i); c == '.' || c|0x20 == 'e' {
		n.integer = false
		if i = l.fraction(i, n); i < 0 {
			return failed
		}
	}
	n.raw = l.doc[start:i]
	return i
}

// digits reads digits behind those that m is made of.
func (l *lexer) digits(i int, m *uint64) int {
	v := *m
	for ; i < len(l.doc); i++ {
		d := l.doc[i] - '0'
		if d > 9 {
			break
		}
		v = v*10 + uint64(d)
	}
	*m = v
	return i
}

// fraction reads what follows the integer digits.
func (l *lexer) fraction(i int, n *number) int {
	if l.doc[i] == '.' {
		first := i + 1
		i = l.digits(first, &n.mantissa)
		if i == first {
			return l.fail(i, "want a digit")
		}
		n.exponent = first - i
		if n.digits == 0 {
			for first < i && l.doc[first] == '0' {
				first++
			}
		}
		n.digits += i - first
	}
	if l.at(i)|0x20 != 'e' {
		return i
	}
	i++
	negative := l.at(i) == '-'
	if negative || l.at(i) == '+' {
		i++
	}
	first, e := i, 0
	for ; l.at(i)-'0' <= 9; i++ {
		e = min(e*10+int(l.doc[i]-'0'), maxExponent)
	}
	if i == first {
		return l.fail(i, "want a digit")
	}
	if negative {
		e = -e
	}
	n.exponent += e
	return i
}

// put sets the cell that holds the number with all its digits.
func (n *number) put(c *format.Column) bool {
	if n.integer {
		if v, ok := n.int64(); ok {
			return c.Int(v)
		}
	} else if f, ok := n.float64(); ok {
		return c.Float(f)
	}
	return c.Text(n.raw)
}

// int64 is the value of a number written as an integer, if it has a place there.
func (n *number) int64() (int64, bool) {
	if n.digits > 19 || n.mantissa > math.MaxInt64 && !(n.negative && n.mantissa == 1<<63) {
		return 0, false
	}
	if n.negative {
		return -int64(n.mantissa), true
	}
	return int64(n.mantissa), true
}

// float64 is the nearest float64, if its shortest decimal is the same number.
func (n *number) float64() (float64, bool) {
	if n.digits <= 15 && n.exponent >= -22 && n.exponent <= 22 {
		// Both factors are exact, so that one rounding is all there is; and
		// fifteen digits survive it.
		f := float64(n.mantissa)
		if n.exponent < 0 {
			f /= tens[-n.exponent]
		} else {
			f *= tens[n.exponent]
		}
		if n.negative {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(unsafe.String(&n.raw[0], len(n.raw)), 64)
	if err != nil || !sameDecimal(n, f) {
		return 0, false
	}
	return f, true
}

// sameDecimal reports whether the shortest decimal of f is the number itself.
func sameDecimal(n *number, f float64) bool {
	var room [32]byte
	short := strconv.AppendFloat(room[:0], math.Abs(f), 'e', -1, 64)
	mantissa, exp, _ := bytes.Cut(short, []byte{'e'})
	e, err := strconv.Atoi(string(exp))
	if err != nil {
		return false // infinite
	}
	// The shortest decimal is d.ddd with no zeros at its end, but for "0".
	want := append(mantissa[:1], mantissa[min(2, len(mantissa)):]...) // in place
	e -= len(want) - 1
	if want[0] == '0' {
		return n.digits == 0
	}
	k := 0 // digits met that are not leading zeros
	for _, c := range n.raw {
		if c|0x20 == 'e' {
			break
		}
		if c < '0' || c > '9' || k == 0 && c == '0' {
			continue
		}
		if k < len(want) && c != want[k] || k >= len(want) && c != '0' {
			return false
		}
		k++
	}
	return k >= len(want) && n.exponent+k-len(want) == e
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}
