package config

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Settings are the values of the process, from flag, environment (TAPLINE_STAGE),
// main file or default, the first that gives one.
type Settings struct {
	Stage       Stage         `yaml:"stage" short:"url" doc:"where parts wait until they are loaded"`
	State       string        `yaml:"state" path:"true" doc:"the history of runs: an SQLite file, or postgres://..."`
	Memory      Size          `yaml:"memory" doc:"what a run may hold in memory, such as 256MiB"`
	Concurrency int           `yaml:"concurrency" min:"1" max:"1000" doc:"how many slices are read at once"`
	Codec       string        `yaml:"codec" enum:"zstd,snappy" doc:"how parts are compressed"`
	LockWait    time.Duration `yaml:"lock_wait" doc:"how long to wait for a database that another process holds, such as 30s"`
	LogLevel    string        `yaml:"log_level" enum:"debug,info,warn,error" doc:"the least serious message that is logged"`
	LogFormat   string        `yaml:"log_format" enum:"text,json" doc:"how messages are logged"`
}

// minMemory is what one slice needs to make progress.
const minMemory Size = 16 << 20

// defaults has an entry for every setting: viper looks for no others in the
// environment.
func defaults() map[string]string {
	return map[string]string{
		"stage": ".tapline/stage", "state": ".tapline/state.db", "memory": "256MiB", "concurrency": "4",
		"codec": "snappy", "lock_wait": "30s", "log_level": "warn", "log_format": "text",
	}
}

// envKey is the variable that overrides a setting.
func envKey(key string) string { return "TAPLINE_" + strings.ToUpper(key) }

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

// loadSettings lets viper choose among the places, and then reads the chosen
// value as strictly as any other of the file.
func (c *Config) loadSettings(main *file, o Options, p *problems) {
	v := viper.NewWithOptions(viper.KeyDelimiter("::"))
	v.SetEnvPrefix("TAPLINE")
	v.AutomaticEnv()
	inFile := map[string]any{}
	for key, value := range defaults() {
		v.SetDefault(key, value)
		if n := main.root.get(key); n != nil {
			inFile[key] = n.text
		}
		if f := given(o.Flags, key); f != nil {
			// Binding fails for a nil flag only.
			if err := v.BindPFlag(key, f); err != nil {
				p.add(place{}, key, "--%s: %v", f.Name, err).because(err)
			}
		}
	}
	if err := v.MergeConfigMap(inFile); err != nil {
		p.add(place{src: main.src}, "", "cannot read the settings: %v", err).because(err)
		return
	}
	c.settings = &node{kind: kindMap, at: main.root.at}
	d := &decoder{p: p, refs: true, resolve: true, own: c.own}
	to := reflect.ValueOf(&c.Settings).Elem()
	for _, f := range fieldsOf(to.Type()) {
		if f.key == "codec" && c.Settings.Stage.Remote() {
			v.SetDefault("codec", "zstd") // what is sent and fetched again is worth making small
		}
		n, path := origin(v, main, o.Flags, f.key)
		c.settings.fields = append(c.settings.fields, member{f.key, n.at, n})
		before := len(p.errs)
		d.value(n, path, f, to.FieldByIndex(f.index))
		if f.key == "memory" && len(p.errs) == before && c.Settings.Memory < minMemory {
			p.add(n.at, path, "%s: %s is too little", path, n.text).remedy("give it at least %s", minMemory)
		}
		if f.key == "stage" {
			c.Settings.Stage.section = section{n, path, c.own}
		}
	}
}

// given returns the flag for a setting when it was given.
func given(flags *pflag.FlagSet, key string) *pflag.Flag {
	if flags == nil {
		return nil
	}
	f := flags.Lookup(flagName(key))
	if f == nil || !f.Changed {
		return nil
	}
	return f
}

// origin returns the value that viper chose, as it stands where it comes from,
// and what messages call it.
func origin(v *viper.Viper, main *file, flags *pflag.FlagSet, key string) (*node, string) {
	word := &node{kind: kindWord, text: v.GetString(key), size: 1}
	if given(flags, key) != nil {
		return word, "--" + flagName(key)
	}
	if os.Getenv(envKey(key)) != "" {
		return word, envKey(key)
	}
	if n := main.root.get(key); n != nil {
		return n, key
	}
	word.at.src = main.src // paths of defaults start at the file's folder
	return word, key
}

// topKeys are the keys of a main file that are no settings.
func topKeys() []string {
	return []string{"version", "include", "connections", "pipelines", "alerts", "views"}
}

// checkTop reports keys that do not belong at the top of a file.
func checkTop(f *file, p *problems) {
	settings := keysOf(fieldsOf(reflect.TypeFor[Settings]()))
	for _, m := range f.root.fields {
		switch {
		case slices.Contains(topKeys(), m.key):
		case !slices.Contains(settings, m.key):
			p.add(m.at, m.key, "unknown key %q in the file", m.key).suggest(m.key, append(topKeys(), settings...), "known are")
		case f.src.order > 1:
			p.add(m.at, m.key, "the setting %q stands in an included file", m.key).remedy("settings belong in the main file")
		}
	}
}
