package bucket

import (
	"path"
	"regexp"
	"strconv"
	"time"

	"tapline/exporter"
)

// A FileName is what the name of a CleverTap export file tells.
//
// Events: <request id>-<run time>-<event>-<yyyymmdd>-<index>-<database id>.<ext>
//
// Profiles: <account id>-<request id>-<run time>-<database id>-<format>.gz
//
// Source: docs.clevertap.com "Export Format" and "Data Export to AWS S3", read
// 2026-11-22.
type FileName struct {
	// Event is the event's name as file names have it: spaces, tabs and slashes
	// are hyphens, so that different events can have one. "" = of profiles.
	Event string
	// Account is the account's id, of profile files alone.
	Account string
	// Request is the export's id, which is when it was set up: seconds since
	// 1970 UTC. All runs of a recurring export have the same.
	Request int64
	// Run is when the run that wrote the file began.
	Run time.Time
	// Day is the date in the name. It is that of the run or of the data: no
	// event's time can be told by it. Zero in profile files.
	Day exporter.Day
	// Index counts the files of one run and database; -1 in profile files.
	Index int64
	// Database is the id of the vendor's database that the file came from.
	Database string
}

var (
	eventFile   = regexp.MustCompile(`(?s)\A(\d{9,11})-(\d{9,11})-(.+)-(\d{8})-(\d{1,9})-([0-9A-Za-z]{1,40})((?:\.[0-9A-Za-z]{1,12}){1,3})\z`)
	profileFile = regexp.MustCompile(`\A([0-9A-Za-z]+(?:-[0-9A-Za-z]+){0,5}?)-(\d{9,11})-(\d{9,11})-([0-9A-Za-z]{1,40})-(?:csv|json|xml|parquet)(?:\.(?:gz|gzip))?\z`)
)

// ParseFileName reads the last element of an object's name. It is anchored at
// both ends, for the event's name in the middle may look like anything.
func ParseFileName(name string) (FileName, bool) {
	base := path.Base(name)
	if m := eventFile.FindStringSubmatch(base); m != nil {
		t, err := time.Parse("20060102", m[4])
		if err != nil {
			return FileName{}, false
		}
		index, _ := strconv.ParseInt(m[5], 10, 64)
		request, run := epochOf(m[1]), epochOf(m[2])
		return FileName{
			Event: m[3], Request: request, Run: time.Unix(run, 0).UTC(),
			Day: exporter.DayOf(t), Index: index, Database: m[6],
		}, true
	}
	if m := profileFile.FindStringSubmatch(base); m != nil {
		return FileName{
			Account: m[1], Request: epochOf(m[2]), Run: time.Unix(epochOf(m[3]), 0).UTC(),
			Index: -1, Database: m[4],
		}, true
	}
	return FileName{}, false
}

// epochOf reads at most 11 digits.
func epochOf(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}
