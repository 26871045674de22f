package bucket

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
)

// dateParts are what stands for each letter of {date:%Y/%m/%d}. Each may stand
// once in a pattern, in one date part or in several: y={date:%Y}/m={date:%m}.
// A name that shows no day of the calendar does not match.
var dateParts = map[rune]string{
	'Y': `(\d{4})`,                   // the year
	'y': `(\d{2})`,                   // its last two digits, 1969 to 2068
	'm': `(0[1-9]|1[0-2])`,           // the month, 01 to 12
	'b': `(` + monthNames('|') + `)`, // the month's English name, such as Sep
	'd': `(0[1-9]|[12]\d|3[01])`,     // the day of the month, 01 to 31
	'j': `(\d{3})`,                   // the day of the year, 001 to 366
	'H': `([01]\d|2[0-3])`,           // the hour, which says nothing of the day
	'M': `([0-5]\d)`,                 // the minute
	'S': `([0-5]\d)`,                 // the second
}

func monthNames(sep rune) string {
	names := make([]string, 12)
	for i := range names {
		names[i] = time.Month(i + 1).String()[:3]
	}
	return strings.Join(names, string(sep))
}

// date reads {date:...}.
func (p *patternParser) date() error {
	start := p.i
	end := strings.IndexByte(p.text[start:], '}')
	if end < 0 {
		return fmt.Errorf("byte %d: { without }", start+1)
	}
	format := []rune(p.text[start+len("{date:") : start+end])
	if !slices.Contains(format, '%') {
		return fmt.Errorf("byte %d: a date part without a %% in it; write it like {date:%%Y-%%m-%%d}", start+1)
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			p.literal(format[i])
			continue
		}
		i++
		switch {
		case i == len(format):
			return fmt.Errorf("byte %d: the date part ends in %%", start+1)
		case format[i] == '%':
			p.literal('%')
		case dateParts[format[i]] == "":
			return fmt.Errorf("byte %d: %%%c is not known in a date part; known are %%Y %%y %%m %%b %%d %%j %%H %%M %%S", start+1, format[i])
		case slices.Contains(p.dates, format[i]):
			return fmt.Errorf("byte %d: %%%c stands twice; write ?? or * in one of the places", start+1, format[i])
		default:
			p.out.WriteString(dateParts[format[i]])
			p.dates = append(p.dates, format[i])
		}
	}
	p.i += end + 1
	return nil
}

// checkDates checks that the letters make a date.
func checkDates(dates []rune) error {
	if len(dates) == 0 {
		return nil
	}
	has := func(r rune) bool { return slices.Contains(dates, r) }
	switch {
	case has('Y') == has('y'):
		return fmt.Errorf("a date part needs the year: %%Y, or %%y for two digits")
	case has('m') && has('b'), has('j') && (has('m') || has('b') || has('d')):
		return fmt.Errorf("the date parts name the day twice")
	case has('d') && !has('m') && !has('b'):
		return fmt.Errorf("the date parts have %%d and no month; add %%m")
	}
	return nil
}

// A span is the days first to last, both included, that a name speaks of: one
// day, or all of a month or year where it says no more. Zero = of none.
type span struct{ first, last exporter.Day }

// spanOf reads the texts that the letters matched. ok is false when there is no
// such day. Where a date part stood in the alternative that was not taken, the
// name speaks of no day.
func spanOf(letters []rune, texts []string) (s span, ok bool) {
	var part [128]int
	for i, c := range letters {
		if texts[i] == "" {
			return span{}, true
		}
		n, err := strconv.Atoi(texts[i])
		if err != nil {
			n = strings.Index(monthNames(','), texts[i])/4 + 1
		}
		part[c] = n
	}
	year := part['Y']
	if slices.Contains(letters, 'y') {
		if year = 1900 + part['y']; part['y'] < 69 {
			year += 100
		}
	}
	month := max(part['m'], part['b'])
	date := func(y, m, d int) exporter.Day {
		return exporter.DayOf(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC))
	}
	switch {
	case year == 0:
		return span{}, false
	case slices.Contains(letters, 'j'):
		d := date(year, 1, part['j'])
		return span{d, d}, part['j'] > 0 && d.Year == year
	case month == 0:
		return span{date(year, 1, 1), date(year, 12, 31)}, true
	case part['d'] == 0:
		return span{date(year, month, 1), date(year, month+1, 0)}, true
	}
	d := date(year, month, part['d'])
	return span{d, d}, d.Day == part['d']
}

// outside says, in words, on which side of the window the span lies; "" = in it.
func (s span) outside(w exporter.Window) string {
	switch {
	case s.last.Before(w.Since):
		return "before since"
	case !w.Until.IsZero() && !s.first.Before(w.Until):
		return "not before until"
	}
	return ""
}
