package config

import (
	"testing"
	"time"
)

func TestPause(t *testing.T) {
	const day = 24 * time.Hour
	for schedule, want := range map[string]time.Duration{
		"":                    0,
		"15 0 * * *":          day,
		"*/15 * * * *":        15 * time.Minute,
		"0 9-17 * * *":        16 * time.Hour,
		"0 6 * * mon-fri":     3 * day,
		"0 6 * * 7":           7 * day,
		"0 0 1 * *":           31 * day,
		"0 0 1,15 * sun":      7 * day, // either of the two
		"30 6,18 * jan-nov *": 31*day + 12*time.Hour,
		"0 0 29 2 *":          2 * 365 * day,
	} {
		if have := (Pipeline{Schedule: schedule}).Pause(); have != want {
			t.Errorf("%q: %s, want %s", schedule, have, want)
		}
	}
}
