package clevertap

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/config"
)

// Limits of the vendor: pages come in multiples of its 23 buckets, fewer than
// that means no limit at all, and 5000 is the documented most.
const (
	minBatch, maxBatch = 23, 5000
	defaultSlots       = 3
)

// A Config is the section of a connection in the configuration file.
type Config struct {
	// Region is where the account lives; see regions. Empty is Europe.
	Region string `yaml:"region" enum:"in1,sg1,us1,aps3,mec1,eu1,sk1,eu,global" doc:"where the account lives: in1, sg1, us1, aps3, mec1, eu1 or sk1"`
	// URL replaces the region's host, for tests and proxies.
	URL string `yaml:"url" pattern:"^https?://" want:"an address such as https://in1.api.clevertap.com" doc:"the API's base address, instead of a region"`
	// AccountID is the project id, such as AAA-BBB-CCCC. It opens nothing by
	// itself, and yet no error shows it.
	AccountID string `yaml:"account_id" required:"true" doc:"the project id, such as AAA-BBB-CCCC"`
	// Passcode is one of the account's passcodes.
	Passcode config.Secret `yaml:"passcode" required:"true" doc:"a passcode of the account"`
	// Timezone is the project's time zone, an IANA name. Required: the vendor
	// sends local times and never names their zone.
	Timezone string `yaml:"timezone" required:"true" doc:"the project's time zone as its settings page shows it, such as Asia/Kolkata"`
	// Slots is how many calls of one API are made at a time. 0 = 3, all that
	// the vendor allows; fewer leave some to other tools.
	Slots int `yaml:"slots" min:"1" max:"3" doc:"calls in flight per API, 1 to 3"`
	// BatchSize is how many records a page is asked to have. 0 = 5000.
	BatchSize int `yaml:"batch_size" min:"23" max:"5000" doc:"records per page, 23 to 5000"`
}

// Options are what a Source needs beside its configuration; the zero value works.
type Options struct {
	// Log gets Debug records of retries. Nil = none.
	Log *slog.Logger
	// Gates hold back calls beyond the account's slots. Sources that may read
	// one account share them. Nil = its own.
	Gates *Gates
	// HTTP sends the requests. Redirects are never followed. Nil = its own.
	HTTP *http.Client
	// Query runs SQL in the warehouse that the rows go to, and yields the texts
	// of its first column but for the NULLs. Nil = there is none.
	Query func(ctx context.Context, sql string) iter.Seq2[string, error]
	// Now is the clock. Nil = time.Now.
	Now func() time.Time
	// BatchRows and BatchBytes bound a batch, which is whole pages and at least
	// one. 0 = 122,880 rows and 128 MiB of memory.
	BatchRows  int
	BatchBytes int64
	// Mem is where Arrow buffers come from. Nil = a pool.
	Mem memory.Allocator
	// Retry says how stubborn the client is.
	Retry Retry
}

// regions maps the vendor's region names to the prefix of its host. Source:
// developer.clevertap.com, "Common API components", read 2026-11-22; sk1 from
// its bucket export page. Europe has no prefix; dashboards call it global.
var regions = map[string]string{
	"": "", "eu": "", "eu1": "", "global": "",
	"in1": "in1.", "sg1": "sg1.", "us1": "us1.", "aps3": "aps3.", "mec1": "mec1.", "sk1": "sk1.",
}

// base returns the address that paths are appended to.
func (c Config) base() (*url.URL, error) {
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			// The parse error would repeat the text, which may hold a password.
			return nil, fmt.Errorf("url: want an address such as https://in1.api.clevertap.com")
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("url: want no credentials, query or fragment in it; those go to account_id and passcode")
		}
		u.Path = strings.TrimRight(u.Path, "/")
		return u, nil
	}
	prefix, ok := regions[strings.ToLower(c.Region)]
	if !ok {
		known := slices.DeleteFunc(slices.Sorted(maps.Keys(regions)), func(s string) bool { return s == "" })
		return nil, fmt.Errorf("region: %q is not one of %s; the dashboard's address begins with it", c.Region, strings.Join(known, ", "))
	}
	return &url.URL{Scheme: "https", Host: prefix + "api.clevertap.com"}, nil
}

// location loads the time zone.
func (c Config) location() (*time.Location, error) {
	const hint = "copy it from CleverTap's Settings > Project, as an IANA name such as Asia/Kolkata or America/New_York"
	switch c.Timezone {
	case "":
		return nil, fmt.Errorf("timezone: missing; %s", hint)
	case "Local":
		return nil, fmt.Errorf("timezone: \"Local\" would differ between machines; %s", hint)
	}
	loc, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return nil, fmt.Errorf("timezone: %q is not known; %s", c.Timezone, hint)
	}
	return loc, nil
}

// Validate says what of c is wrong, naming the key, or nil.
func (c Config) Validate() error {
	if _, err := c.base(); err != nil {
		return err
	}
	if _, err := c.location(); err != nil {
		return err
	}
	switch {
	case c.AccountID == "":
		return fmt.Errorf("account_id: missing; it is on CleverTap's Settings > Project page")
	case c.Passcode.IsZero():
		return fmt.Errorf("passcode: missing; make one on CleverTap's Settings > Passcodes page")
	case strings.ContainsAny(c.AccountID+c.Passcode.Reveal(), "\r\n\x00"):
		return fmt.Errorf("account_id, passcode: a line break is in one of them")
	case c.Slots < 0 || c.Slots > defaultSlots:
		return fmt.Errorf("slots: %d is not from 1 to %d, the most CleverTap allows", c.Slots, defaultSlots)
	case c.BatchSize != 0 && (c.BatchSize < minBatch || c.BatchSize > maxBatch):
		return fmt.Errorf("batch_size: %d is not from %d to %d; CleverTap takes fewer as no limit at all", c.BatchSize, minBatch, maxBatch)
	}
	return nil
}
