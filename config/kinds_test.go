package config_test

import (
	"time"

	"tapline/config"
)

// Structs such as the kinds have. They are the tests' own: config knows no kind.

type clevertapConfig struct {
	AccountID string         `yaml:"account_id" required:"true" doc:"the project's id"`
	Passcode  config.Secret  `yaml:"passcode" required:"true" doc:"the project's passcode"`
	Region    string         `yaml:"region" enum:"in1,us1,eu1,sg1,aps3,mec1" doc:"where the account lives"`
	URL       string         `yaml:"url" doc:"instead of the region's host"`
	Timezone  *time.Location `yaml:"timezone" doc:"the project's time zone"`
	Timeout   time.Duration  `yaml:"timeout"`
	PageSize  int            `yaml:"page_size" min:"1" max:"50000"`
	Slots     uint8          `yaml:"slots"`
	Retry     retry          `yaml:"retry"`
	Tuning    *tuning        `yaml:"tuning"`
	Log       func(string)   // no tag: no key
}

type retry struct {
	Times  int     `yaml:"times" min:"0"`
	Factor float64 `yaml:"factor"`
}

type tuning struct {
	Buffer config.Size       `yaml:"buffer"`
	Gzip   bool              `yaml:"gzip"`
	Header map[string]string `yaml:"header"`
	Tokens []config.Secret   `yaml:"tokens"`
}

type clevertapStream struct {
	Stream string   `yaml:"stream" required:"true" enum:"events,profiles,event_counts" doc:"the kind of stream"`
	Events []string `yaml:"events"`
	Event  string   `yaml:"event"`
}

type bucketConfig struct {
	URL      string `yaml:"url" required:"true"`
	Endpoint string `yaml:"endpoint"`
}

type bucketStream struct {
	Files string `yaml:"files" required:"true"`
}

type duckdbConfig struct {
	Path     string `yaml:"path" required:"true" path:"true"`
	Snapshot string `yaml:"snapshot" path:"true"`
}

type bigqueryConfig struct {
	Project  string `yaml:"project" required:"true"`
	Dataset  string `yaml:"dataset" required:"true"`
	Location string `yaml:"location"`
	Endpoint string `yaml:"endpoint"`
}

type postgresConfig struct {
	URL    config.Secret `yaml:"url" required:"true"`
	Schema string        `yaml:"schema"`
}

func kinds() config.Kinds {
	return config.Kinds{
		"clevertap": {Connection: clevertapConfig{}, Stream: clevertapStream{}},
		"bucket":    {Connection: bucketConfig{}, Stream: bucketStream{}},
		"duckdb":    {Connection: duckdbConfig{}},
		"bigquery":  {Connection: bigqueryConfig{}, GoogleSQL: true},
		"postgres":  {Connection: postgresConfig{}},
	}
}
