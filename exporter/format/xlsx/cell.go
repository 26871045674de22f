package xlsx

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A cell is a value on its way into a column.
type cell struct {
	kind   exporter.Kinds // one; 0 = NULL
	i      int64          // Bool (0 and 1), Int (Long as well), Date, Time
	f      float64
	text   []byte
	reason string // why it cannot be held; text is then what it said
}

func textCell(b []byte) cell                 { return cell{kind: exporter.Text, text: b} }
func misfit(reason string, raw []byte) cell  { return cell{reason: reason, text: raw} }
func formatted(layout string, a ...any) cell { return textCell(fmt.Appendf(nil, layout, a...)) }
func (c *cell) empty() bool                  { return c.kind == 0 && c.reason == "" }

// put sets the column in the row begun. It reports false if the row has a cell
// there.
func (c *cell) put(col *format.Column) bool {
	switch c.kind {
	case exporter.Bool:
		return col.Bool(c.i != 0)
	case exporter.Int:
		return col.Int(c.i)
	case exporter.Float:
		return col.Float(c.f)
	case exporter.Date:
		return col.Date(int32(c.i))
	case exporter.Time:
		return col.Time(c.i)
	case exporter.Text:
		return col.Text(c.text)
	}
	return true
}

// name is the text of a cell of the header.
func (c *cell) name() string {
	switch c.kind {
	case exporter.Bool:
		return strconv.FormatBool(c.i != 0)
	case exporter.Int:
		return strconv.FormatInt(c.i, 10)
	case exporter.Float:
		return string(exporter.AppendFloat(nil, c.f))
	case exporter.Date:
		return time.Unix(c.i*86400, 0).UTC().Format(time.DateOnly)
	case exporter.Time:
		return string(exporter.AppendTime(nil, c.i))
	}
	return string(c.text)
}

// convert makes a cell of the text of its value, by its type (the attribute t
// of c in SpreadsheetML) and the format of its style.
func (r *reader) convert(typ string, style int, v []byte) (cell, error) {
	if typ == "n" {
		v = bytes.TrimSpace(v)
	}
	if len(v) == 0 {
		return cell{}, nil
	}
	switch typ {
	case "n":
		shows := plainNumber
		if style > 0 && style < len(r.book.styles) {
			shows = r.book.styles[style]
		}
		return r.number(shows, v), nil
	case "s":
		i, err := strconv.Atoi(string(bytes.TrimSpace(v)))
		if err != nil || i < 0 || i >= len(r.book.strings.ends) {
			return cell{}, fmt.Errorf("it refers to the shared text %q, which is not there: the file is damaged", v)
		}
		return text(r.book.strings.at(i)), nil
	case "b":
		switch string(bytes.TrimSpace(v)) {
		case "1", "true":
			return cell{kind: exporter.Bool, i: 1}, nil
		case "0", "false":
			return cell{kind: exporter.Bool}, nil
		}
		return misfit(ReasonType, v), nil
	case "e":
		return misfit(ReasonError, v), nil
	case "d":
		return r.iso(v), nil
	}
	return text(unescape(v)), nil
}

func text(v []byte) cell {
	switch {
	case len(v) == 0:
		return cell{}
	case bytes.IndexByte(v, 0) >= 0:
		return misfit(ReasonNUL, bytes.ReplaceAll(v, []byte{0}, []byte(`\x00`)))
	}
	return textCell(v)
}

// number converts a number by what its format shows.
func (r *reader) number(shows numFormat, v []byte) cell {
	for _, c := range v {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return misfit(ReasonType, v)
		}
	}
	f, err := strconv.ParseFloat(string(v), 64)
	switch {
	case math.IsInf(f, 0):
		return misfit(ReasonNotFinite, v)
	case err != nil:
		return misfit(ReasonType, v)
	case shows != plainNumber:
		return r.date(shows, f, v)
	}
	if i, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return cell{kind: exporter.Int, i: i}
	}
	if significant(v) > 17 {
		return textCell(v)
	}
	return cell{kind: exporter.Float, f: f}
}

// significant counts the digits of a number, zeros at its ends apart.
func significant(v []byte) int {
	if i := bytes.IndexAny(v, "eE"); i >= 0 {
		v = v[:i]
	}
	digits := bytes.ReplaceAll(bytes.Trim(v, "+-"), []byte("."), nil)
	return len(bytes.Trim(digits, "0"))
}

const (
	dayMillis = 24 * 60 * 60 * 1000
	maxSerial = 2958466 // 10000-01-01
)

// date converts a number of days. Excel's calendar of 1900 has a day 60,
// 1900-02-29, so that the days before it are one later than they seem.
func (r *reader) date(shows numFormat, f float64, raw []byte) cell {
	if f < 0 || f >= maxSerial {
		return misfit(ReasonRange, raw)
	}
	millis := int64(math.Round(f * dayMillis))
	day, rest := millis/dayMillis, millis%dayMillis
	switch {
	case shows == showsElapsed:
		seconds := (millis + 500) / 1000
		return formatted("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	case day == 0 && (rest > 0 || shows == showsTime):
		return textCell(time.UnixMilli(rest).UTC().AppendFormat(nil, "15:04:05.999"))
	case r.book.has60 && (day == 0 || day == 60):
		return misfit(ReasonRange, raw)
	case r.book.has60 && day < 60:
		day++
	}
	day += int64(r.book.date0)
	if day > maxDay {
		return misfit(ReasonRange, raw)
	}
	if rest == 0 && shows == showsDate {
		return cell{kind: exporter.Date, i: day}
	}
	return r.local(time.UnixMilli(day*dayMillis + rest).UTC())
}

// maxDay is 9999-12-31, which in the calendar of 1904 comes earlier.
const maxDay = 2932896

// local is the instant of a time of the clocks of the zone.
func (r *reader) local(t time.Time) cell {
	t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), r.bt.Zone)
	return cell{kind: exporter.Time, i: t.UnixMicro()}
}

// iso converts a date that is written as text (ISO 8601), as strict workbooks
// may have them.
func (r *reader) iso(v []byte) cell {
	s := string(bytes.TrimSpace(v))
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return cell{kind: exporter.Date, i: t.Unix() / 86400}
	}
	if t, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		return r.local(t.Truncate(time.Microsecond))
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.UTC().Year() > 0 {
		return cell{kind: exporter.Time, i: t.UnixMicro()}
	}
	return text(v)
}

// unescape resolves _xHHHH_, in which Excel writes characters that XML cannot
// hold, in place.
func unescape(b []byte) []byte {
	if !bytes.Contains(b, []byte("_x")) {
		return b
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] == '_' && i+7 <= len(b) && b[i+1] == 'x' && b[i+6] == '_' {
			if u, err := strconv.ParseUint(string(b[i+2:i+6]), 16, 16); err == nil && utf8.ValidRune(rune(u)) {
				out = utf8.AppendRune(out, rune(u))
				i += 6
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}
