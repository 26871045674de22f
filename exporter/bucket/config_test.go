package bucket_test

import (
	"strings"
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter/bucket"
	"tapline/exporter/format/csv"
)

func TestConfig(t *testing.T) {
	key := config.NewSecret("k")
	for _, cfg := range []bucket.Config{
		{URL: "gs://b"}, {URL: "gs://b/in/", KeyFile: "/k.json", Project: "p", Timezone: "Asia/Kolkata"}, {URL: "gs://b", KeyJSON: key},
		{URL: "s3://b/in", AccessKey: key, SecretKey: key, SessionToken: key, Region: "ap-south-1", RequesterPays: true, Endpoint: "http://localhost:9000"},
		{URL: "s3://b", Anonymous: true}, {URL: "file:///data/drops"},
	} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for want, cfg := range map[string]bucket.Config{
		"url: want gs://":               {URL: ""},
		"url: want s3":                  {URL: "\x7f://"},
		"url: a file address":           {URL: "file://data/drops"},
		"url: names no bucket":          {URL: "gs:///x"},
		"url: has wildcards":            {URL: "gs://b/*.csv"},
		"url: want no credentials":      {URL: "s3://k:secret@b/x"},
		"access_key, secret_key: one":   {URL: "s3://b", AccessKey: key},
		"anonymous: there are":          {URL: "gs://b", Anonymous: true, KeyFile: "k"},
		"key_file, key_json: want one":  {URL: "gs://b", KeyJSON: key, KeyFile: "k"},
		"region: is for s3://":          {URL: "gs://b", Region: "x"},
		"key_file: is for gs://":        {URL: "s3://b", KeyFile: "x"},
		"endpoint: is for gs:// and s3": {URL: "file:///x", Endpoint: "http://x"},
		"timezone: \"Local\"":           {URL: "gs://b", Timezone: "Local"},
		"timezone: \"Asia/X\"":          {URL: "gs://b", Timezone: "Asia/X"},
	} {
		err := cfg.Validate()
		if want == "url: want s3" {
			want = "url: want gs://"
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", cfg, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret@") {
			t.Errorf("a secret is in %q", err)
		}
	}
}

func TestSelection(t *testing.T) {
	cfg := bucket.Config{URL: "gs://b", Timezone: "UTC"}
	minus := -time.Second
	for want, sel := range map[string][]bucket.Selection{
		"streams[0]: files: missing":                    {{}},
		"streams[1]: files: \"a[\": byte 2":             {{Files: "b"}, {Files: "a["}},
		"streams[0]: ignore: \"{\"":                     {{Files: "a", Ignore: []string{"{"}}},
		"streams[0]: settle: -1s":                       {{Files: "a", Settle: &minus}},
		"streams[0]: per: \"day\"":                      {{Files: "a", Per: "day"}},
		"streams[0]: layout: \"x\"":                     {{Files: "a", Layout: "x"}},
		"streams[0]: format: \"xml\"":                   {{Files: "a", Formats: bucket.Formats{Format: "xml"}}},
		"streams[0]: csv: delimiter":                    {{Files: "a", Formats: bucket.Formats{CSV: csv.Options{Delimiter: "::"}}}},
		"streams[0]: file_columns: \"size\"":            {{Files: "a", FileColumns: []string{"size"}}},
		"streams[1]: files: \"a\" stands in streams[0]": {{Files: "a"}, {Files: "a"}},
	} {
		_, err := bucket.New(cfg, sel, bucket.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "bucket: "+want) {
			t.Errorf("%+v: error %v, want %q", sel, err, want)
		}
	}
	if _, err := bucket.New(cfg, []bucket.Selection{{Files: "a", Formats: bucket.Formats{Sheet: "1"}}, {Files: "a", Formats: bucket.Formats{Sheet: "2"}}}, bucket.Options{}); err != nil {
		t.Errorf("two sheets: %v", err)
	}
	cfg.Timezone = ""
	for pattern, likely := range map[string]bool{
		"1663664837-*-Order-Placed-*.csv.gz": true, "in/1663664837-[0-9]*.csv": true, "in/*-Order-*.csv": false, "2026-09-*.csv": false, "*.csv": false, "in/orders-*.csv": false, "{date:%Y-%m-%d}.csv": false,
	} {
		_, err := bucket.New(cfg, []bucket.Selection{{Files: pattern}}, bucket.Options{})
		if (err != nil) != likely || err != nil && !strings.Contains(err.Error(), "timezone:") {
			t.Errorf("%s without a time zone: %v", pattern, err)
		}
	}
}
