package xlsx

import "strings"

// A numFormat is what a number format shows.
type numFormat uint8

const (
	plainNumber numFormat = iota
	showsDate
	showsTime     // of the day
	showsDateTime // both
	showsElapsed
)

// builtIn tells of the formats that have a number only. Those of the Far East
// (27 to 36, 50 to 58) show dates or times, by the language of the reader.
func builtIn(id int) numFormat {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 36, id >= 50 && id <= 58:
		return showsDate
	case id >= 18 && id <= 21, id == 45, id == 47:
		return showsTime
	case id == 22:
		return showsDateTime
	case id == 46:
		return showsElapsed
	}
	return plainNumber
}

// parseFormat tells what the code of a format shows, by the first of its
// sections: "yyyy-mm-dd;@".
func parseFormat(code string) numFormat {
	var date, clock, months bool
	if strings.HasPrefix(strings.ToLower(code), "general") {
		return plainNumber
	}
	for i := 0; i < len(code); i++ {
		switch c := code[i] | 0x20; {
		case code[i] == ';':
			i = len(code)
		case code[i] == '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				end = len(code)
			}
			i += end + 1
		case code[i] == '\\' || code[i] == '_' || code[i] == '*':
			i++ // the next is shown as it is, or not at all
		case code[i] == '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				end = len(code) - i
			}
			if elapsed(code[i+1 : min(i+end, len(code))]) {
				return showsElapsed
			}
			i += end
		case c == 'a' && (hasFold(code[i:], "am/pm") || hasFold(code[i:], "a/p")):
			clock = true
			i += strings.IndexAny(code[i:], "Pp")
			if i+1 < len(code) && code[i+1]|0x20 == 'm' {
				i++
			}
		case c == 'e' && i+1 < len(code) && (code[i+1] == '+' || code[i+1] == '-'):
			return plainNumber // 0.00E+00
		case c == 'y' || c == 'd' || c == 'e' || c == 'g':
			date = true
		case c == 'h' || c == 's':
			clock = true
		case c == 'm':
			months = true
		}
	}
	switch {
	case date && clock:
		return showsDateTime
	case clock:
		return showsTime
	case date || months:
		return showsDate
	}
	return plainNumber
}

// elapsed reports whether what stands in brackets is hours, minutes or seconds.
func elapsed(s string) bool {
	s = strings.ToLower(s)
	return s != "" && (strings.Trim(s, "h") == "" || strings.Trim(s, "m") == "" || strings.Trim(s, "s") == "")
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
