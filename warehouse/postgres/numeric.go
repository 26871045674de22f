package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of numeric: digits before and after the point.
const (
	numericHigh = 131072
	numericLow  = 16383
)

// Signs of numeric's binary form.
const (
	numericNegative = 0x4000
	numericNaN      = 0xC000
)

var errNotNumber = errors.New("is not a number")

// appendNumeric appends the binary form of the number that text writes, such as
// "-12.50" or "1e-7". It refuses one that the column, of that many digits in all
// and after the point, would round; precision 0 takes any.
func appendNumeric(dst []byte, text string, precision, scale int) ([]byte, error) {
	if text == "NaN" {
		return append(dst, 0, 0, 0, 0, numericNaN>>8, 0, 0, 0), nil
	}
	d, err := parseDecimal(text)
	if err != nil {
		return dst, err
	}
	lead := strings.TrimLeft(d.digits, "0")
	high := len(lead) + d.exp // the number is below 10 to this power
	low := d.exp + len(d.digits) - len(strings.TrimRight(d.digits, "0"))
	if lead == "" {
		high, low = 0, 0
	}
	switch {
	case high > numericHigh || -d.exp > numericLow:
		return dst, fmt.Errorf("has more digits than numeric holds")
	case lead != "" && precision > 0 && (high > precision-scale || -low > scale):
		return dst, fmt.Errorf("does not fit numeric(%d,%d)", precision, scale)
	}
	return d.append(dst), nil
}

// A decimal is digits times ten to the power of exp.
type decimal struct {
	negative bool
	digits   string
	exp      int
}

func parseDecimal(text string) (decimal, error) {
	var d decimal
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		d.negative, rest = rest[0] == '-', rest[1:]
	}
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		exp, err := strconv.Atoi(rest[i+1:])
		if err != nil || exp > numericHigh || exp < -2*numericHigh {
			return d, errNotNumber
		}
		d.exp, rest = exp, rest[:i]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	d.digits = whole + fraction
	d.exp -= len(fraction)
	if d.digits == "" || len(d.digits) > numericHigh+numericLow {
		return d, errNotNumber
	}
	for i := range len(d.digits) {
		if d.digits[i] < '0' || d.digits[i] > '9' {
			return d, errNotNumber
		}
	}
	return d, nil
}

// append appends the count of groups of four digits, the power of 10,000 of the
// first, the sign, the digits to show after the point, and the groups.
func (d decimal) append(dst []byte) []byte {
	digits, exp := strings.TrimLeft(d.digits, "0"), d.exp
	shown := max(0, -exp)
	// The last group ends at a power of 10,000.
	if pad := ((exp % 4) + 4) % 4; pad > 0 && digits != "" {
		digits, exp = digits+"000"[:pad], exp-pad
	}
	if pad := (4 - len(digits)%4) % 4; pad > 0 {
		digits = "000"[:pad] + digits
	}
	for strings.HasSuffix(digits, "0000") {
		digits, exp = digits[:len(digits)-4], exp+4
	}
	groups, weight := len(digits)/4, 0
	if groups > 0 {
		weight = groups - 1 + exp/4
	}
	sign := 0
	if d.negative && groups > 0 {
		sign = numericNegative
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(groups))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, uint16(sign))
	dst = binary.BigEndian.AppendUint16(dst, uint16(shown))
	for ; digits != ""; digits = digits[4:] {
		group := 0
		for i := range 4 {
			group = group*10 + int(digits[i]-'0')
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(group))
	}
	return dst
}
