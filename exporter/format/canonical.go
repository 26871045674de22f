package format

import "strconv"

// The functions here read canonical text (see exporter.Kinds.Staged) that this
// package wrote itself, and nothing else: they look for no mistakes in it.

func parseInt(b []byte) int64 {
	v, _ := strconv.ParseInt(string(b), 10, 64)
	return v
}

func parseFloat(b []byte) float64 {
	v, _ := strconv.ParseFloat(string(b), 64)
	return v
}

// parseDays reads the days since 1970 off the front of b. Years may have any
// number of digits and a sign, which package time writes but does not read.
func parseDays(b []byte) (days int64, rest []byte) {
	i := 1 // past a sign
	for b[i] != '-' {
		i++
	}
	year := parseInt(b[:i])
	month := int64(b[i+1]-'0')*10 + int64(b[i+2]-'0')
	day := int64(b[i+4]-'0')*10 + int64(b[i+5]-'0')
	// Years that begin in March have their leap day last. 400 of them, an era,
	// have 146,097 days; 719,468 days lie between 0000-03-01 and 1970-01-01.
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	year -= era * 400
	return era*146097 + year*365 + year/4 - year/100 + (153*(month-3)+2)/5 + day - 1 - 719468, b[i+6:]
}

// parseTime reads an instant in microseconds since 1970.
func parseTime(b []byte) int64 {
	days, b := parseDays(b)
	two := func(i int) int64 { return int64(b[i]-'0')*10 + int64(b[i+1]-'0') }
	seconds := days*86400 + two(1)*3600 + two(4)*60 + two(7)
	var micros int64
	if b[9] == '.' {
		scale := int64(100000)
		for _, d := range b[10 : len(b)-1] {
			micros += int64(d-'0') * scale
			scale /= 10
		}
	}
	return seconds*1e6 + micros
}
