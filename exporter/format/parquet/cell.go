package parquet

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/float16"

	"tapline/exporter"
	"tapline/exporter/format"
)

// The reasons of rejects made here, all of cells.
const (
	ReasonNotFinite       = "value.not_finite"  // NaN or an infinity
	ReasonRange           = "value.range"       // an instant or day outside the years 1 to 9999, a time outside the day, a decimal of more than 1 KiB
	ReasonInvalidUTF8     = "text.invalid_utf8" // text that is not UTF-8
	ReasonNUL             = "text.nul"          // text with U+0000
	ReasonTooLarge        = "record.too_large"  // a nested value of more than Options.MaxCell bytes
	ReasonDuplicateColumn = "parquet.duplicate_column"
)

// A cell is a value on its way into a column or into JSON text. Its text is
// valid until the next record.
type cell struct {
	kind   exporter.Kinds // one; 0 = NULL
	i      int64          // Bool (0 and 1), Int (Long as well), Date, Time
	f      float64
	text   []byte
	reason string // why it cannot be held; text is then what it said
}

func textCell(b []byte) cell { return cell{kind: exporter.Text, text: b} }
func intCell(v int64) cell   { return cell{kind: exporter.Int, i: v} }

func fault(reason string, raw []byte) cell { return cell{reason: reason, text: raw} }

// put sets c in the row begun. It reports false if the row has a cell there.
func (v *cell) put(c *format.Column) bool {
	switch v.kind {
	case exporter.Bool:
		return c.Bool(v.i != 0)
	case exporter.Int:
		return c.Int(v.i)
	case exporter.Float:
		return c.Float(v.f)
	case exporter.Date:
		return c.Date(int32(v.i))
	case exporter.Time:
		return c.Time(v.i)
	case exporter.Text:
		return c.Text(v.text)
	}
	return true
}

// number converts a number as values.numbers gives it.
func (a *assembler) number(n *node, v uint64) cell {
	switch n.sort {
	case sortBool:
		return cell{kind: exporter.Bool, i: int64(v)}
	case sortInt:
		return intCell(int64(v))
	case sortUint32:
		return intCell(int64(uint32(v)))
	case sortUint64:
		if v > math.MaxInt64 {
			return textCell(strconv.AppendUint(nil, v, 10))
		}
		return intCell(int64(v))
	case sortFloat:
		return narrow(math.Float32frombits(uint32(v)))
	case sortDouble:
		return double(math.Float64frombits(v))
	case sortDate:
		return day(int64(v))
	case sortMillis, sortMicros, sortNanos:
		return a.instant(n, int64(v))
	case sortTimeMillis:
		return timeOfDay(int64(v), time.Millisecond)
	case sortTimeMicros:
		return timeOfDay(int64(v), time.Microsecond)
	case sortTimeNanos:
		return timeOfDay(int64(v), time.Nanosecond)
	case sortDecimal:
		return decimal(big.NewInt(int64(v)), n.leaf.scale)
	}
	return cell{}
}

// slice converts a value as values.slices gives it.
func (a *assembler) slice(n *node, v []byte) cell {
	switch n.sort {
	case sortText:
		return text(v)
	case sortBytes:
		if utf8.Valid(v) && bytes.IndexByte(v, 0) < 0 {
			return textCell(v)
		}
		return textCell(base64.StdEncoding.AppendEncode(nil, v))
	case sortHex:
		return textCell(hex.AppendEncode(nil, v))
	case sortUUID:
		return textCell(uuid(v))
	case sortHalf:
		return narrow(float16.FromBits(binary.LittleEndian.Uint16(v)).Float32())
	case sortInterval:
		return textCell(interval(v))
	case sortDecimal:
		if len(v) > maxDecimal {
			return fault(ReasonRange, hex.AppendEncode(nil, v))
		}
		return decimal(signed(v), n.leaf.scale)
	case sortInt96:
		// Nanoseconds of the day, then the Julian day; 2,440,588 is 1970-01-01.
		nanos := int64(binary.LittleEndian.Uint64(v))
		days := int64(int32(binary.LittleEndian.Uint32(v[8:]))) - 2440588
		return moment(time.Unix(days*86400, nanos).UTC())
	}
	return cell{}
}

func text(v []byte) cell {
	switch {
	case !utf8.Valid(v):
		return fault(ReasonInvalidUTF8, v)
	case bytes.IndexByte(v, 0) >= 0:
		return fault(ReasonNUL, v)
	}
	return textCell(v)
}

func double(v float64) cell {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fault(ReasonNotFinite, strconv.AppendFloat(nil, v, 'g', -1, 64))
	}
	return cell{kind: exporter.Float, f: v}
}

// narrow gives a number of single precision by its shortest decimal: 0.1 is
// meant, and not 0.10000000149011612.
func narrow(v float32) cell {
	var b [32]byte
	f, err := strconv.ParseFloat(string(strconv.AppendFloat(b[:0], float64(v), 'g', -1, 32)), 64)
	if err != nil {
		return double(float64(v))
	}
	return double(f)
}

// The days and microseconds between which the years 1 to 9999 lie.
const (
	minDay, maxDay     = -719162, 2932896
	minMicro, maxMicro = minDay * 86400e6, (maxDay+1)*86400e6 - 1
)

func day(v int64) cell {
	if v < minDay || v > maxDay {
		return fault(ReasonRange, strconv.AppendInt(nil, v, 10))
	}
	return cell{kind: exporter.Date, i: v}
}

// instant converts units since 1970.
func (a *assembler) instant(n *node, v int64) cell {
	var t time.Time
	switch n.sort {
	case sortMillis:
		t = time.UnixMilli(v)
	case sortMicros:
		t = time.UnixMicro(v)
	default:
		t = time.Unix(0, v)
	}
	t = t.UTC()
	if n.leaf.local() {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), a.zone)
	}
	return moment(t)
}

// moment is an instant, or its text if it is not of whole microseconds.
func moment(t time.Time) cell {
	t = t.UTC()
	switch {
	case t.Year() < 1 || t.Year() > 9999:
		return fault(ReasonRange, t.AppendFormat(nil, time.RFC3339Nano))
	case t.Nanosecond()%1000 != 0:
		return textCell(t.AppendFormat(nil, time.RFC3339Nano))
	}
	return cell{kind: exporter.Time, i: t.UnixMicro()}
}

func timeOfDay(v int64, unit time.Duration) cell {
	if v < 0 || v >= int64(24*time.Hour/unit) {
		return fault(ReasonRange, strconv.AppendInt(nil, v, 10))
	}
	t := time.Unix(0, v*int64(unit)).UTC()
	return textCell(t.AppendFormat(nil, "15:04:05.999999999"))
}

// maxDecimal is how many bytes a decimal may have: to write it takes a time that
// grows faster than they do.
const maxDecimal = 1 << 10

// signed reads a big-endian number in two's complement.
func signed(b []byte) *big.Int {
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return v
}

// decimal is v / 10^scale: an integer if it has no scale and fits, a float64 if
// that gives its digits back, else text.
func decimal(v *big.Int, scale int) cell {
	if scale == 0 {
		if v.IsInt64() {
			return intCell(v.Int64())
		}
		return textCell(v.Append(nil, 10))
	}
	digits := v.Append(nil, 10)
	sign := 0
	if digits[0] == '-' {
		sign = 1
	}
	if short := scale + 1 - (len(digits) - sign); short > 0 {
		digits = append(append(digits[:sign:sign], bytes.Repeat([]byte{'0'}, short)...), digits[sign:]...)
	}
	point := len(digits) - scale
	whole := append(append(digits[:point:point], '.'), digits[point:]...)
	f, err := strconv.ParseFloat(string(whole), 64)
	same := strconv.AppendFloat(nil, f, 'f', -1, 64)
	if err == nil && bytes.Equal(same, bytes.TrimRight(bytes.TrimRight(whole, "0"), ".")) {
		return cell{kind: exporter.Float, f: f}
	}
	return textCell(whole)
}

func uuid(v []byte) []byte {
	b := make([]byte, 0, 36)
	for i, part := range [...][]byte{v[:4], v[4:6], v[6:8], v[8:10], v[10:16]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// interval is months, days and milliseconds in the manner of ISO 8601.
func interval(v []byte) []byte {
	b := strconv.AppendUint([]byte{'P'}, uint64(binary.LittleEndian.Uint32(v)), 10)
	b = strconv.AppendUint(append(b, 'M'), uint64(binary.LittleEndian.Uint32(v[4:])), 10)
	b = strconv.AppendFloat(append(b, "DT"...), float64(binary.LittleEndian.Uint32(v[8:]))/1000, 'f', -1, 64)
	return append(b, 'S')
}
