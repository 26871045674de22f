package format

// The seconds since 1970 UTC of the years 1 to 9999.
const (
	MinSeconds = -62135596800
	MaxSeconds = 253402300799
)

// DollarDate reads CleverTap's "$D_<seconds since 1970>" as microseconds since
// 1970 UTC. It reports false for anything else, and outside the years 1 to 9999.
func DollarDate(v []byte) (micros int64, ok bool) {
	if len(v) < 4 || len(v) > 16 || v[1] != 'D' || v[2] != '_' || v[0] != '$' {
		return 0, false
	}
	digits := v[3:]
	if len(digits) > 1 && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	var seconds int64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		seconds = seconds*10 + int64(c)
	}
	if v[3] == '-' {
		seconds = -seconds
	}
	return seconds * 1e6, MinSeconds <= seconds && seconds <= MaxSeconds
}
