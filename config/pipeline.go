package config

import (
	"reflect"
	"slices"
	"time"
)

// A Pipeline is one connection's streams going to one warehouse on one schedule.
type Pipeline struct {
	Name string `yaml:"name" required:"true" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" want:"a name of letters, digits, _ . and -" doc:"what commands call it"`
	From string `yaml:"from" required:"true" doc:"the name of the connection to read"`
	To   string `yaml:"to" required:"true" doc:"the name of the connection to load into"`
	// Schedule is five fields of cron, in the time zone of From; "" = by hand.
	Schedule string `yaml:"schedule" doc:"when to run, as five fields of cron in the time zone of the connection it reads"`
	// Since and Until are project-local days, YYYY-MM-DD, half-open; "" = not given.
	Since string `yaml:"since" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" want:"a day as YYYY-MM-DD" doc:"the first day to load, YYYY-MM-DD"`
	Until string `yaml:"until" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" want:"a day as YYYY-MM-DD" doc:"the day to stop before, YYYY-MM-DD"`
	// Lookback is how many days are read again by each run.
	Lookback Days `yaml:"lookback" doc:"how many loaded days each run reads again for late records, such as 3d"`
	// Concurrency is how many slices are read at once; 0 = as in Settings.
	Concurrency int           `yaml:"concurrency" min:"1" max:"1000" doc:"how many slices are read at once"`
	Columns     []ColumnRule  `yaml:"columns" doc:"rules for columns of all streams"`
	Streams     []StreamEntry // yaml key streams, decoded apart

	section
}

// A StreamEntry is what the configuration says of one stream or of several of
// one kind. What is particular to the source's type is behind Decode.
type StreamEntry struct {
	// Table is a name, or a template with placeholders such as ev_{event}.
	Table string `yaml:"table" required:"true" pattern:"^([^{}\\x00-\\x1f]|\\{[A-Za-z_][A-Za-z0-9_]*\\})+$" want:"a table name, placeholders in braces such as ev_{event}" doc:"the table to load into, such as ev_{event}"`
	// Mode is "" (= replace), replace, merge or snapshot.
	Mode string `yaml:"mode" enum:"replace,merge,snapshot" doc:"how rows meet those that are there: replace the slice, merge by key, or snapshot"`
	// Key names the columns that make a row one and the same for merge.
	Key []string `yaml:"key" doc:"the columns that identify a row for mode: merge"`
	// History keeps what merge would throw away.
	History bool         `yaml:"history" doc:"with mode: merge, keep a row for each change of a key (valid_from, valid_to, is_current) instead of the newest only"`
	Columns []ColumnRule `yaml:"columns" doc:"rules for columns, before those of the pipeline"`
	// Contract is "" (= evolve), evolve or freeze.
	Contract string `yaml:"contract" enum:"evolve,freeze" doc:"whether new columns are added to the table"`
	// MaxQuarantined is nil for no limit. A limit of 0 rows lets none pass.
	MaxQuarantined *Limit   `yaml:"max_quarantined" doc:"the rows, such as 100 or 2%, that a load may put in quarantine"`
	Cluster        []string `yaml:"cluster" doc:"the columns to cluster the table by, where the warehouse can"`
	// Via is the type of the warehouse, which then reads the objects itself; ""
	// = they are read here.
	Via string `yaml:"via" doc:"the warehouse's type, such as bigquery: it reads the objects itself, and none of their rows passes through this machine"`
	// Expect is nil when nobody waits for files.
	Expect *Expect `yaml:"expect" doc:"when files should come; the pipeline is late when they do not"`

	foreign
}

// An Expect says when the files of an entry should come.
type Expect struct {
	Every time.Duration `yaml:"every" required:"true" doc:"one file at least in every span of this length, such as 24h"`
	// By is a time of day, HH:MM, in the time zone of the connection; "" = none.
	By string `yaml:"by" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" want:"a time of day as HH:MM" doc:"the time of day, in the connection's time zone, by which the file of a span has to be there"`
}

// Clock returns By as the time since midnight; false when there is none.
func (e Expect) Clock() (time.Duration, bool) {
	t, err := time.Parse("15:04", e.By)
	if err != nil {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

// A ColumnRule changes one column before anything of it is stored.
type ColumnRule struct {
	From   string `yaml:"from" required:"true" doc:"the vendor's name of the column"`
	Rename string `yaml:"rename" doc:"the column's name in the table"`
	Type   string `yaml:"type" enum:"bool,int64,float64,string,date,timestamp" doc:"the column's type"`
	Drop   bool   `yaml:"drop" doc:"leave the column out"`
	// Hash is "", sha256 or hmac-sha256; the latter has a HashKey.
	Hash    string    `yaml:"hash" enum:"sha256,hmac-sha256" doc:"store a hash of each value instead, for personal data"`
	HashKey SecretRef `yaml:"hash_key" doc:"the secret key of hmac-sha256"`
}

// Rules returns the column rules in force for e: its own, and those of the
// pipeline for other columns.
func (p Pipeline) Rules(e StreamEntry) []ColumnRule {
	rules := slices.Clone(e.Columns)
	for _, r := range p.Columns {
		if !slices.ContainsFunc(e.Columns, func(own ColumnRule) bool { return own.From == r.From }) {
			rules = append(rules, r)
		}
	}
	return rules
}

func streamKeys() []string { return keysOf(fieldsOf(reflect.TypeFor[StreamEntry]())) }

func (c *Config) addPipelines(f *file, p *problems) {
	for i, n := range list(f.root, "pipelines", p) {
		pipe := Pipeline{section: section{n: n, path: index("pipelines", i), own: c.own}}
		if n.kind == kindNull {
			p.add(n.at, pipe.path, "%s: has no value", pipe.path).remedy("give it one or take it out")
			continue
		}
		d := decoder{p: p, own: c.own}
		d.section(n, pipe.path, reflect.ValueOf(&pipe).Elem(), "streams")
		if n.kind != kindMap {
			continue
		}
		c.addStreams(&pipe, p)
		pipe.unused(p)
		c.Pipelines = append(c.Pipelines, pipe)
	}
}

// unused warns, once for all pipelines, of what is read and does nothing yet.
func (p Pipeline) unused(out *problems) {
	if p.Schedule != "" {
		out.once(p.n.get("schedule").at, "schedule", "schedule: is kept for `tapline serve`, which this release does not have", "let cron call tapline run")
	}
	for _, e := range p.Streams {
		if len(e.Cluster) > 0 {
			out.once(e.n.get("cluster").at, "cluster", "cluster: is kept for warehouses that cluster tables, which this release does not have", "")
		}
	}
}

func (c *Config) addStreams(pipe *Pipeline, p *problems) {
	n := pipe.n.get("streams")
	path := join(pipe.path, "streams")
	switch {
	case n == nil:
		p.add(pipe.n.at, path, "missing key %q in %s", "streams", pipe.path).remedy("list what to load: streams: [{table: ...}]")
		return
	case n.kind != kindList:
		p.add(n.at, path, "%s: want a list, got %s", path, n.kind).remedy("start each with - {table: ...}")
		return
	case len(n.items) == 0:
		p.add(n.at, path, "%s: there are no streams", path).remedy("list what to load: streams: [{table: ...}]")
	}
	for i, item := range n.items {
		e := StreamEntry{foreign: foreign{section{item, index(path, i), c.own}, streamKeys()}}
		if e.common(&e, p) {
			pipe.Streams = append(pipe.Streams, e)
		}
	}
}
