package format_test

import (
	"testing"
	"time"

	"tapline/exporter/format"
)

func TestStamp(t *testing.T) {
	tests := []struct {
		name, zone, ts, want string // want "" = not a time
	}{
		{"Kolkata", "Asia/Kolkata", "20221119054937", "2022-11-19T00:19:37Z"},
		{"KolkataMidnight", "Asia/Kolkata", "20220212000000", "2022-02-11T18:30:00Z"},
		{"NewYorkSummer", "America/New_York", "20260929043022", "2026-09-29T08:30:22Z"},
		{"NewYorkBeforeLeap", "America/New_York", "20260308015959", "2026-03-08T06:59:59Z"},
		{"NewYorkLeaptOver", "America/New_York", "20260308023000", "2026-03-08T07:30:00Z"},
		{"NewYorkAfterLeap", "America/New_York", "20260308030000", "2026-03-08T07:00:00Z"},
		{"NewYorkBeforeFall", "America/New_York", "20261101005959", "2026-11-01T04:59:59Z"},
		{"NewYorkTwice", "America/New_York", "20261101013000", "2026-11-01T05:30:00Z"}, // the earlier
		{"NewYorkAfterFall", "America/New_York", "20261101020000", "2026-11-01T07:00:00Z"},
		{"NewYorkDayEnd", "America/New_York", "20261101235959", "2026-11-02T04:59:59Z"},
		{"SaoPauloNoMidnight", "America/Sao_Paulo", "20181104000000", "2018-11-04T03:00:00Z"},
		{"SaoPauloTwiceBeforeMidnight", "America/Sao_Paulo", "20180217233000", "2018-02-18T01:30:00Z"},
		{"LordHoweHalfHour", "Australia/Lord_Howe", "20260405014500", "2026-04-04T14:45:00Z"},
		{"ApiaNoSuchDay", "Pacific/Apia", "20111230120000", "2011-12-30T22:00:00Z"},
		{"UTC", "UTC", "20260901235959", "2026-09-01T23:59:59Z"},
		{"LeapDay", "UTC", "20280229000000", "2028-02-29T00:00:00Z"},
		{"Epoch", "Asia/Kolkata", "1668817177", "2022-11-19T00:19:37Z"},
		{"NoLeapDay", "UTC", "20260229000000", ""},
		{"Month13", "UTC", "20261301000000", ""},
		{"Hour24", "UTC", "20260101240000", ""},
		{"Second60", "UTC", "20260101235960", ""},
		{"Exponent", "UTC", "2.0260901E13", ""},
		{"Negative", "UTC", "-2026090100000", ""},
		{"Short", "UTC", "20260901", ""},
		{"Millis", "UTC", "1668817177000", ""},
		{"Zero", "UTC", "0", ""},
		{"Empty", "UTC", "", ""},
		{"TenZeros", "UTC", "0000000000", ""},
		{"Words", "UTC", "yesterday, noon", ""},
		{"Long", "UTC", "202609010000001", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			c := format.NewClock(loc)
			got, ok := c.Stamp([]byte(tt.ts))
			again, okAgain := c.Stamp([]byte(tt.ts))
			if got != again || ok != okAgain {
				t.Errorf("asked twice: %d %t, then %d %t", got, ok, again, okAgain)
			}
			text := ""
			if ok {
				text = time.UnixMicro(got).UTC().Format(time.RFC3339)
			}
			if text != tt.want {
				t.Errorf("%s in %s is %q, want %q", tt.ts, tt.zone, text, tt.want)
			}
		})
	}
}

// TestStampEveryHalfHour compares with the zone itself: what a clock shows at
// an instant is that instant again, or an earlier one that it shows as well.
func TestStampEveryHalfHour(t *testing.T) {
	for _, zone := range []string{"America/New_York", "Asia/Kolkata", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		c := format.NewClock(loc)
		for at := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2020; at = at.Add(30 * time.Minute) {
			wall := at.In(loc).Format("20060102150405")
			got, ok := c.Stamp([]byte(wall))
			back := time.UnixMicro(got)
			if !ok || back.In(loc).Format("20060102150405") != wall || back.After(at) || at.Sub(back) > time.Hour {
				t.Fatalf("%s: %s became %s, want %s", zone, wall, back.UTC(), at)
			}
		}
	}
}

func BenchmarkStamp(b *testing.B) {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		b.Fatal(err)
	}
	c := format.NewClock(loc)
	text := []byte("20260929043022")
	for b.Loop() {
		if _, ok := c.Stamp(text); !ok {
			b.Fatal("not a time")
		}
	}
}
