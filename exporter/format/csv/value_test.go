package csv

import (
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
)

func newTyper(t testing.TB) *typer {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	return &typer{clock: format.NewClock(loc)}
}

func TestKinds(t *testing.T) {
	const (
		text, float = exporter.Text, exporter.Float
		f1, f2      = exporter.Frac1, exporter.Frac2
	)
	ty := newTyper(t)
	for cell, want := range map[string]exporter.Kinds{
		"0": exporter.Int, "-1": exporter.Int, "9007199254740992": exporter.Int, "9007199254740993": exporter.Long, "-9007199254740993": exporter.Long,
		"9223372036854775807": exporter.Long, "-9223372036854775808": exporter.Long, "9223372036854775808": text, "99999999999999999999": text,
		"007": text, "-0": text, "+91": text, "1,234": text, "-": text, "1-": text, "00": text, " 1": text, "1 ": text, "0x10": text, "1_000": text,
		"0.5": float | f1, "1.25": float | f2, "1.0": float | f1 | exporter.Dotted, "-0.0": float | f1 | exporter.Dotted, "2.00": float | f2 | exporter.Padded,
		"1.50": float | f2 | exporter.Padded, "1234567.5": float | f1, "0.000001": float | exporter.Frac6, "0.0000001": float | exporter.FracMany,
		"0.30000000000000004": float | exporter.FracMany, "0.1000000000000000055511151231257827": text, "1125899906842623.10": float | f2 | exporter.Odd,
		"1234567890123456.0": float | f1 | exporter.Dotted, "1125899906842624.50": float | f2 | exporter.Padded, "100000000000000000000.0": float | f1 | exporter.Odd,
		"9007199254740993.0": text, ".5": text, "5.": text, "01.5": text, "1.2.3": text, "1.5x": text, "-.5": text, "1.": text,
		"1.0E7": float | f1 | exporter.Odd, "1e+16": float | exporter.Odd, "2.5e-3": float | f1 | exporter.Odd, "1E-2": float | exporter.Odd, "-1.50e3": float | f2 | exporter.Odd,
		"0.0e0": float | f1 | exporter.Odd, "0e+5": float | exporter.Odd,
		"12e5": text, "1e16": text, "1.0e": text, "1.0e+": text, "1e+": text, "1.0e400": text, "1.0e99999999999999999999": text, "NaN": text, "inf": text, "-inf": text,
		"1.00000000000000000001e+1": text,
		"true":                      exporter.Bool, "False": exporter.Bool, "TRUE": exporter.Bool, "tRUE": text, "t": text, "yes": text,
		"2026-09-01": exporter.Date, "2024-02-29": exporter.Date, "2026-02-29": text, "1900-02-29": text, "2000-02-29": exporter.Date, "0000-01-01": text, "0001-01-01": exporter.Date,
		"2026-13-01": text, "2026-9-1": text, "2026-09-01 ": text, "2026/09/01": text, "20260901": exporter.Int, "9999-12-31": exporter.Date,
		"2026-09-01T10:00:00Z": exporter.Time, "2026-09-01 10:00:00": exporter.Time, "2026-09-01T10:00:00.123456+05:30": exporter.Time, "2026-09-01T10:00:00.1234567Z": text,
		"2026-09-01T10:00": text, "2026-09-01T24:00:00Z": text, "2026-09-01T10:00:00z": text, "2026-09-01T10:00:00+0530": text, "2026-09-01T10:00:00.Z": text,
		"2026-09-01T10:00:60Z": text, "0001-01-01T00:00:00+00:01": text, "9999-12-31T23:59:59Z": exporter.Time, "2026-09-01t10:00:00Z": text,
		"$D_1500000000": exporter.Time, "$D_-1": exporter.Time, "$D_": text, "$D_x": text, "$D_253402300800": text, "$": text,
		"x": text, "\u65e5": text, "4f3a2b": text, "1f": text,
	} {
		if got := ty.kinds([]byte(cell)); got != want {
			t.Errorf("%q is %v (%x), want %v (%x)", cell, got, uint32(got), want, uint32(want))
		}
	}
}

func TestTimes(t *testing.T) {
	ty := newTyper(t)
	for cell, want := range map[string]string{
		"2026-09-01 10:00:00":              "2026-09-01T04:30:00Z",
		"2026-09-01T10:00:00.5":            "2026-09-01T04:30:00.5Z",
		"2026-09-01T10:00:00.000001-01:30": "2026-09-01T11:30:00.000001Z",
		"$D_1500000000":                    "2017-07-14T02:40:00Z",
	} {
		if k := ty.kinds([]byte(cell)); k != exporter.Time || string(exporter.AppendTime(nil, ty.i)) != want {
			t.Errorf("%q is %v %s, want %s", cell, k, exporter.AppendTime(nil, ty.i), want)
		}
	}
}

// A day without midnight, a day with an hour twice, and a zone of quarters.
func TestCompact(t *testing.T) {
	for _, tt := range []struct{ zone, cell, want string }{
		{"Asia/Kolkata", "20260901100000", "2026-09-01T04:30:00Z"},
		{"America/New_York", "20261101013000", "2026-11-01T05:30:00Z"},
		{"America/New_York", "20260308023000", "2026-03-08T07:30:00Z"},
		{"Asia/Kathmandu", "20260901000000", "2026-08-31T18:15:00Z"},
		{"UTC", "00010101000000", "0001-01-01T00:00:00Z"},
		{"UTC", "20260229000000", ""}, {"UTC", "20260901240000", ""}, {"UTC", "20260901006000", ""}, {"UTC", "20260901000060", ""},
		{"UTC", "2026090100000", ""}, {"UTC", "202609010000000", ""}, {"UTC", "2026090100000x", ""}, {"UTC", "x0260901000000", ""}, {"UTC", "00000101000000", ""},
	} {
		loc, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		got := func(micros int64, ok bool) string {
			if !ok {
				return ""
			}
			return string(exporter.AppendTime(nil, micros))
		}
		f := filler{t: typer{clock: format.NewClock(loc)}}
		if s := got(f.t.compact([]byte(tt.cell))); s != tt.want {
			t.Errorf("%s in %s is %q, want %q", tt.cell, tt.zone, s, tt.want)
		}
		if s := got(f.compact(append([]byte(tt.cell), make([]byte, 16)...)[:16], len(tt.cell))); s != tt.want {
			t.Errorf("%s in %s is %q in bulk, want %q", tt.cell, tt.zone, s, tt.want)
		}
	}
}
