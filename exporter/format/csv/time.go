package csv

import (
	"tapline/exporter"
	"tapline/exporter/format"
)

// dateOrTime tells whether v, of at least 10 bytes, is a day, YYYY-MM-DD, or an
// instant: RFC 3339 with T or a space, at most microseconds, and with or without
// a zone.
func (t *typer) dateOrTime(v []byte) exporter.Kinds {
	y, ok1 := digits2(v, 0)
	y2, ok2 := digits2(v, 2)
	m, ok3 := digits2(v, 5)
	d, ok4 := digits2(v, 8)
	y = y*100 + y2
	if !ok1 || !ok2 || !ok3 || !ok4 || !isDay(y, m, d) {
		return exporter.Text
	}
	t.i = daysFrom(y, m, d)
	if len(v) == 10 {
		return exporter.Date
	}
	if len(v) < 19 || v[10] != 'T' && v[10] != ' ' || v[13] != ':' || v[16] != ':' {
		return exporter.Text
	}
	h, ok1 := digits2(v, 11)
	mi, ok2 := digits2(v, 14)
	s, ok3 := digits2(v, 17)
	if !ok1 || !ok2 || !ok3 || h > 23 || mi > 59 || s > 59 {
		return exporter.Text
	}
	return t.rest(v[19:], h*3600+mi*60+s)
}

// rest reads what follows the seconds: a fraction and a zone.
func (t *typer) rest(v []byte, secs int64) exporter.Kinds {
	var micros int64
	if len(v) > 0 && v[0] == '.' {
		i, scale := 1, int64(100000)
		for i < len(v) && v[i]-'0' <= 9 {
			micros += int64(v[i]-'0') * scale
			scale /= 10
			i++
		}
		if i == 1 || i > 7 {
			return exporter.Text
		}
		v = v[i:]
	}
	switch {
	case len(v) == 0:
		secs = t.clock.Instant(t.i, secs)
	case len(v) == 1 && v[0] == 'Z':
		secs += t.i * 86400
	case len(v) == 6 && (v[0] == '+' || v[0] == '-') && v[3] == ':':
		h, ok1 := digits2(v, 1)
		m, ok2 := digits2(v, 4)
		if !ok1 || !ok2 || h > 23 || m > 59 {
			return exporter.Text
		}
		offset := h*3600 + m*60
		if v[0] == '-' {
			offset = -offset
		}
		secs += t.i*86400 - offset
	default:
		return exporter.Text
	}
	if secs < format.MinSeconds || secs > format.MaxSeconds {
		return exporter.Text
	}
	t.i = secs*1e6 + micros
	return exporter.Time
}

// digits2 reads the two digits at i.
func digits2(v []byte, i int) (int64, bool) {
	a, b := v[i]-'0', v[i+1]-'0'
	return int64(a)*10 + int64(b), a <= 9 && b <= 9
}

func isDay(y, m, d int64) bool {
	if y < 1 || m < 1 || m > 12 || d < 1 {
		return false
	}
	if m == 2 && d == 29 {
		return y%4 == 0 && (y%100 != 0 || y%400 == 0)
	}
	return d <= monthDays[m]
}

var monthDays = [...]int64{1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}

// daysFrom counts the days from 1970-01-01 to a day of year 1 or later.
func daysFrom(y, m, d int64) int64 {
	// Years that begin in March have their leap day last; 719,468 days lie
	// between 0000-03-01 and 1970-01-01.
	if m <= 2 {
		y--
		m += 12
	}
	return y*365 + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719468
}

// compact reads a local time of 14 digits, YYYYMMDDHHMMSS, as microseconds
// since 1970 UTC.
func (t *typer) compact(v []byte) (micros int64, ok bool) {
	if len(v) != 14 {
		return 0, false
	}
	var p [7]int64
	for i := range p {
		n, ok := digits2(v, 2*i)
		if !ok {
			return 0, false
		}
		p[i] = n
	}
	y, m, d := p[0]*100+p[1], p[2], p[3]
	if p[4] > 23 || p[5] > 59 || p[6] > 59 || !isDay(y, m, d) {
		return 0, false
	}
	return t.clock.Instant(daysFrom(y, m, d), p[4]*3600+p[5]*60+p[6]) * 1e6, true
}
