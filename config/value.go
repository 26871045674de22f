package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/invopop/jsonschema"
)

// A written value has a notation of its own in the file.
type written interface {
	parse(text string) error
	schema() *jsonschema.Schema
}

// A Size is a number of bytes, written 256MB (of 1000), 256MiB (of 1024) or as
// plain digits.
type Size int64

const sizePattern = `^[0-9]{1,18}(\.[0-9]{1,9})? ?([KMGTkmgt]i?)?[Bb]?$`

var sizeNotation = regexp.MustCompile(sizePattern)

func (s *Size) parse(text string) error {
	if !sizeNotation.MatchString(text) {
		return errors.New("want a size such as 256MB or 256MiB")
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt64 {
		return errors.New("want a size below 8 EiB")
	}
	*s = Size(n)
	return nil
}

func (*Size) schema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: sizePattern},
	}}
}

// String returns the size with a unit of 1024 where that is exact.
func (s Size) String() string {
	for _, u := range []struct {
		name string
		size Size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s != 0 && s%u.size == 0 {
			return fmt.Sprintf("%d%s", s/u.size, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Days is a number of calendar days, written 3d.
type Days int

const daysPattern = `^[0-9]{1,4}d$`

var daysNotation = regexp.MustCompile(daysPattern)

func (d *Days) parse(text string) error {
	if !daysNotation.MatchString(text) {
		return errors.New("want a number of days such as 3d")
	}
	n, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	*d = Days(n)
	return err
}

func (*Days) schema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: daysPattern}
}

// String returns the form it is written in.
func (d Days) String() string { return strconv.Itoa(int(d)) + "d" }

// A Limit is a number of rows, or a share of those read, written 100 or "2%".
// A nil *Limit is no limit.
type Limit struct {
	Rows  int64
	Share float64 // 0..1
}

const limitPattern = `^([0-9]{1,18}|(100|[0-9]{1,2}(\.[0-9]{1,6})?)%)$`

var limitNotation = regexp.MustCompile(limitPattern)

func (l *Limit) parse(text string) (err error) {
	if !limitNotation.MatchString(text) {
		return errors.New(`want a number of rows such as 100 or a share such as "2%"`)
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		l.Share, err = strconv.ParseFloat(share, 64)
		l.Share /= 100
		return err
	}
	l.Rows, err = strconv.ParseInt(text, 10, 64)
	return err
}

func (*Limit) schema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: limitPattern},
	}}
}

// A duration in the file is what time.ParseDuration reads, with d for days of
// 24 hours before it: 30s, 1h30m, 3d, 1d12h.
const durationPattern = `^([0-9]{1,5}d)?(([0-9]+(\.[0-9]+)?)(ns|us|µs|ms|s|m|h))*$`

var durationNotation = regexp.MustCompile(durationPattern)

func parseDuration(text string) (time.Duration, error) {
	wrong := errors.New("want a duration such as 30s, 15m or 3d")
	if text == "" || !durationNotation.MatchString(text) {
		return 0, wrong
	}
	var days time.Duration
	if n, rest, ok := strings.Cut(text, "d"); ok {
		v, err := strconv.Atoi(n)
		if err != nil {
			return 0, wrong
		}
		days, text = time.Duration(v)*24*time.Hour, rest
	}
	if text == "" {
		return days, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d > math.MaxInt64-days {
		return 0, wrong
	}
	return days + d, nil
}

// parseZone reads a name of the IANA time zone database.
func parseZone(text string) (*time.Location, error) {
	if text == "" || text == "Local" {
		return nil, errors.New("want the name of a time zone such as Asia/Kolkata or UTC")
	}
	loc, err := time.LoadLocation(text)
	if err != nil {
		return nil, errors.New("unknown time zone; want a name such as Asia/Kolkata or UTC")
	}
	return loc, nil
}
