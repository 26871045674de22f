package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"tapline/config"
)

// write puts a file into dir and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, o config.Options) *config.Config {
	t.Helper()
	c, err := config.Load(write(t, t.TempDir(), "tapline.yaml", text), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestArchitectureSample(t *testing.T) {
	for _, k := range []config.Kinds{nil, kinds()} {
		c, err := config.Load("testdata/architecture.good.yaml", config.Options{Kinds: k})
		if err != nil {
			t.Fatal(err)
		}
		p, ok := c.Pipeline("orders")
		if !ok {
			t.Fatal("there is no pipeline called orders")
		}
		got := []any{p.From, p.To, p.Schedule, p.Since, p.Lookback, len(p.Streams), p.Streams[0].Table, p.Streams[1].Mode, p.Streams[1].Key, len(c.Connections), len(c.Alerts)}
		want := []any{"ct", "bi", "15 0 * * *", "2026-09-01", config.Days(3), 3, "ev_{event}", "merge", []string{"objectId"}, 5, 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var s clevertapStream
		if err := p.Streams[0].Decode(&s); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(clevertapStream{Stream: "events", Events: []string{"Order Placed", "App Launched"}}, s); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
	}
}

func TestSettingsPrecedence(t *testing.T) {
	flags := func(args ...string) *pflag.FlagSet {
		f := pflag.NewFlagSet("tapline", pflag.ContinueOnError)
		f.Int("concurrency", 99, "")
		f.String("log-level", "warn", "")
		if err := f.Parse(args); err != nil {
			t.Fatal(err)
		}
		return f
	}
	tests := []struct {
		name, file, env string
		flags           *pflag.FlagSet
		want            int
		err             string
	}{
		{name: "Default", want: 4},
		{name: "File", file: "concurrency: 5", want: 5},
		{name: "FlagNotGiven", file: "concurrency: 5", flags: flags(), want: 5},
		{name: "EnvOverFile", file: "concurrency: 5", env: "6", want: 6},
		{name: "FlagOverEnv", file: "concurrency: 5", env: "6", flags: flags("--concurrency=7"), want: 7},
		{name: "ErrEnv", file: "concurrency: 5", env: "six", err: `TAPLINE_CONCURRENCY: want a whole number from 1 to 1000, got "six"`},
		{name: "ErrFlag", flags: flags("--concurrency=0"), err: `--concurrency: want a whole number from 1 to 1000, got "0"`},
		{name: "ErrHiddenByEnv", file: "concurrency: x", env: "6", want: 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TAPLINE_CONCURRENCY", tt.env)
			path := write(t, t.TempDir(), "tapline.yaml", "version: 1\n"+tt.file+"\n")
			c, err := config.Load(path, config.Options{Flags: tt.flags})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("Load gives %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Settings.Concurrency != tt.want {
				t.Errorf("concurrency is %d, want %d", c.Settings.Concurrency, tt.want)
			}
		})
	}
}

func TestSettingsValues(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TAPLINE_STAGE", "here/stage")
	t.Setenv("STATE_PASSWORD", "s3cretword")
	c, err := config.Load(write(t, dir, "tapline.yaml", `version: 1
memory: 64MB
lock_wait: 1d1s
state: "postgres://u:${env:STATE_PASSWORD}@h/db"
log_format: json
`), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Settings{
		State: "postgres://u:s3cretword@h/db", Memory: 64_000_000, Concurrency: 4,
		Codec: "snappy", LockWait: 24*time.Hour + time.Second, LogLevel: "warn", LogFormat: "json",
	}
	if c.Settings.Stage.URL != "here/stage" {
		t.Errorf("stage is %s, want here/stage", c.Settings.Stage.URL)
	}
	if diff := cmp.Diff(want, c.Settings, cmpopts.IgnoreFields(config.Settings{}, "Stage")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.Redactor().String("dial u:s3cretword@h"); got != "dial u:***@h" {
		t.Errorf("the password of state: is not known to the redactor: %s", got)
	}
	shown, err := c.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown, "s3cretword") || !strings.Contains(shown, "u:${env:STATE_PASSWORD}@h") {
		t.Errorf("shown as\n%s", shown)
	}
	if c, err = config.Load(write(t, dir, "empty.yaml", "version: 1\n"), config.Options{}); err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, ".tapline/state.db"); c.Settings.State != want {
		t.Errorf("state is %s, want %s", c.Settings.State, want)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	big := write(t, dir, "big.yaml", "version: 1\n"+strings.Repeat("# comment\n", 1<<17))
	many := write(t, dir, "many.yaml", "version: 1\n"+strings.Repeat("- 1\n", 1<<16))
	secret := write(t, t.TempDir(), "outside.yaml", "version: 1\n")
	if err := os.Symlink(secret, filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	linked := write(t, dir, "linked.yaml", "version: 1\ninclude: link.yaml\n")
	tests := []struct{ name, path, want string }{
		{"Missing", filepath.Join(dir, "nothing.yaml"), "nothing.yaml: cannot read the file: no such file or directory; let tapline init write one, or name yours with -c FILE"},
		{"MissingFolder", filepath.Join(dir, "no", "tapline.yaml"), "tapline.yaml: cannot read the file"},
		{"Folder", dir, "is a directory"},
		{"Big", big, "big.yaml: the file is larger than 1 MiB; split it"},
		{"ManyWords", many, "many.yaml: the file has more than 65536 words; split it"},
		{"LinkOutside", linked, "include: cannot read link.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Load(tt.path, config.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load gives %v, want %s", err, tt.want)
			}
			if strings.HasPrefix(tt.name, "Missing") && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v is not fs.ErrNotExist", err)
			}
		})
	}
}

func TestMainFileMayBeALink(t *testing.T) {
	path := write(t, t.TempDir(), "real.yaml", "version: 1\n")
	link := filepath.Join(t.TempDir(), "tapline.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(link, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir != filepath.Dir(link) {
		t.Errorf("the folder is %s, want that of the link, %s", c.Dir, filepath.Dir(link))
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	main := write(t, dir, "tapline.yaml", "version: 1\ninclude: ['parts/*.yaml']\n")
	write(t, dir, "parts/a.yaml", "connections:\n  - {name: ct, type: clevertap, account_id: A, passcode: '${file:pass}'}\n  - {name: bi, type: duckdb, path: bi.duckdb}\n")
	write(t, dir, "parts/b.yaml", "include: more/c.yaml\nalerts: []\n")
	write(t, dir, "parts/more/c.yaml", "pipelines:\n  - {name: p, from: ct, to: bi, streams: [{stream: events, table: t}]}\n")
	write(t, dir, "parts/pass", "from a file\n")
	c, err := config.Load(main, config.Options{Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{main, filepath.Join(dir, "parts/a.yaml"), filepath.Join(dir, "parts/b.yaml"), filepath.Join(dir, "parts/more/c.yaml")}
	if diff := cmp.Diff(want, c.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	bi, _ := c.Connection("bi")
	var d duckdbConfig
	if err := bi.Decode(&d); err != nil || d.Path != filepath.Join(dir, "parts/bi.duckdb") {
		t.Errorf("path is %q (%v), want it beside the file it stands in", d.Path, err)
	}
	ct, _ := c.Connection("ct")
	var s clevertapConfig
	if err := ct.Decode(&s); err != nil || s.Passcode.Reveal() != "from a file" {
		t.Errorf("passcode is %q (%v), want the file's text without its line end", s.Passcode.Reveal(), err)
	}
}

func TestPipelineNames(t *testing.T) {
	c, err := config.Load("testdata/pipeline.good.yaml", config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Pipeline("order"); ok {
		t.Error("there is a pipeline called order")
	}
	if _, ok := c.Connection("nothing"); ok {
		t.Error("there is a connection called nothing")
	}
}
