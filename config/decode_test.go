package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/config"
)

// connection loads a file whose one connection has these keys.
func connection(t *testing.T, keys string) (*config.Config, config.Connection) {
	t.Helper()
	c := load(t, "version: 1\nconnections:\n  - {name: ct, type: clevertap, "+keys+"}\n", config.Options{})
	return c, c.Connections[0]
}

func TestDecode(t *testing.T) {
	t.Setenv("T_PASS", canary)
	t.Setenv("T_ACCOUNT", "A-1")
	_, con := connection(t, `account_id: "x-${env:T_ACCOUNT}-$${y}", passcode: "p:${env:T_PASS}!", region: in1,
      timezone: Asia/Kolkata, timeout: 1m30s, page_size: 500, slots: 3, retry: {times: 2, factor: 1.5},
      tuning: {buffer: 8MiB, gzip: true, header: {X-Case: v}, tokens: ["${env:T_PASS}"]}`)
	var got clevertapConfig
	if err := con.Decode(&got); err != nil {
		t.Fatal(err)
	}
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	want := clevertapConfig{
		AccountID: "x-A-1-${y}", Passcode: config.NewSecret("p:" + canary + "!"), Region: "in1", Timezone: kolkata,
		Timeout: 90 * time.Second, PageSize: 500, Slots: 3, Retry: retry{2, 1.5},
		Tuning: &tuning{Buffer: 8 << 20, Gzip: true, Header: map[string]string{"X-Case": "v"}, Tokens: []config.Secret{config.NewSecret(canary)}},
	}
	same := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, same, cmp.Comparer(func(a, b func(string)) bool { return a == nil && b == nil })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if con.Timezone != "Asia/Kolkata" || con.Name != "ct" {
		t.Errorf("the connection is %q in %q", con.Name, con.Timezone)
	}
}

// All mistakes of a section come at once, in order, and none shows a secret.
func TestDecodeErrors(t *testing.T) {
	t.Setenv("T_EMPTY", "")
	t.Setenv("T_PASS", canary)
	_, con := connection(t, `account_id: "${env:T_UNSET}", passcode: "`+canary+`${file:no/such}${env:T_EMPTY}", regoin: in1, slots: 300, retry: {time: 1}`)
	err := con.Decode(&clevertapConfig{})
	var list config.Errors
	if !errors.As(err, &list) {
		t.Fatalf("Decode gives %v", err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.Path)
		if e.Line != 3 || e.Column == 0 || e.File == "" {
			t.Errorf("no place in %+v", e)
		}
	}
	want := []string{"connections[0].account_id", "connections[0].passcode", "connections[0].passcode", "connections[0].regoin", "connections[0].slots", "connections[0].retry.time"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, err)
	}
	for _, part := range []string{"T_UNSET is not set", "T_EMPTY is empty", "no such file or directory", `did you mean "region"?`, "want a whole number"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in\n%v", part, err)
		}
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("a secret is in\n%v", err)
	}
}

func TestDecodeWants(t *testing.T) {
	_, con := connection(t, "account_id: a, passcode: b")
	for _, into := range []any{nil, clevertapConfig{}, new(int), (*clevertapConfig)(nil)} {
		if err := con.Decode(into); err == nil || !strings.Contains(err.Error(), "want a pointer to a struct") {
			t.Errorf("Decode(%T) gives %v", into, err)
		}
	}
	if err := (config.Connection{}).Decode(&clevertapConfig{}); err == nil {
		t.Error("a connection that was not read decodes")
	}
	type odd struct {
		AccountID chan int `yaml:"account_id"`
		Passcode  any      `yaml:"passcode"`
	}
	if err := con.Decode(&odd{}); err == nil || strings.Count(err.Error(), "Go type") != 2 {
		t.Errorf("fields of impossible types give %v", err)
	}
}

func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	open := write(t, dir, "open", "s3cret")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	path := write(t, dir, "tapline.yaml", "version: 1\nconnections:\n"+
		"  - {name: a, type: clevertap, account_id: A, passcode: "+canary+"}\n"+
		"  - {name: b, type: clevertap, account_id: A, passcode: '${file:open}'}\n")
	c, err := config.Load(path, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, con := range c.Connections {
			if err := con.Decode(&clevertapConfig{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	for _, w := range c.Warnings() {
		got = append(got, strings.ReplaceAll(w.Error(), dir+string(filepath.Separator), ""))
	}
	want := []string{
		`tapline.yaml:3:57: connections[0].passcode: the secret stands in the file itself; move it out, and refer to it as "${env:NAME}" or "${file:/path}"`,
		`tapline.yaml:4:57: connections[1].passcode: everybody on this machine may read open; chmod 600 open`,
		`tapline.yaml:4:57: connections[1].passcode: the secret is shorter than 8 bytes, too short to tell from other text and take out of what is printed; use a longer one`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "empty", "\n")
	write(t, dir, "big", strings.Repeat("x", 65<<10))
	for file, want := range map[string]string{"empty": "is empty", "big": "larger than 64 KiB", ".": "is a directory"} {
		path := write(t, dir, "tapline.yaml", "version: 1\nconnections:\n  - {name: pg, type: postgres, url: '${file:"+file+"}'}\n")
		c, err := config.Load(path, config.Options{Kinds: kinds()})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connections[0].Decode(&postgresConfig{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s", file, err, want)
		}
	}
}

func TestSecretRef(t *testing.T) {
	c, err := config.Load("testdata/everything.good.yaml", config.Options{Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	p := c.Pipelines[0]
	rules := p.Rules(p.Streams[0])
	var got []string
	for _, r := range rules {
		got = append(got, r.From+">"+r.Rename)
	}
	if diff := cmp.Diff([]string{"a>b", "profile.email>"}, got); diff != "" {
		t.Fatalf("rules (-want +got):\n%s", diff)
	}
	if _, err := rules[1].HashKey.Resolve(); err == nil || !strings.Contains(err.Error(), "HASH_KEY is not set") {
		t.Errorf("Resolve gives %v", err)
	}
	t.Setenv("HASH_KEY", canary)
	key, err := rules[1].HashKey.Resolve()
	if err != nil || key.Reveal() != canary {
		t.Errorf("Resolve gives %q, %v", key.Reveal(), err)
	}
	if got := c.Redactor().String("<" + canary + ">"); got != "<***>" {
		t.Errorf("the redactor lets %s pass", got)
	}
	if key, err := rules[0].HashKey.Resolve(); err != nil || !key.IsZero() || !rules[0].HashKey.IsZero() {
		t.Errorf("no key resolves to %v, %v", key, err)
	}
	if l := p.Streams[0].MaxQuarantined; l == nil || l.Share != 0.025 || l.Rows != 0 {
		t.Errorf("max_quarantined is %+v, want a share of 0.025", l)
	}
}

func TestErrorf(t *testing.T) {
	c, err := config.Load("testdata/pipeline.good.yaml", config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	con, p := c.Connections[0], c.Pipelines[0]
	for _, tt := range []struct {
		got  *config.Error
		want string
	}{
		{con.Errorf("type", "tapline was built without %s", "it"), "testdata/pipeline.good.yaml:3:22: connections[0].type: tapline was built without it"},
		{con.Errorf("region", "is needed"), "testdata/pipeline.good.yaml:3:5: connections[0].region: is needed"},
		{p.Errorf("to", "is no warehouse"), "testdata/pipeline.good.yaml:8:9: pipelines[0].to: is no warehouse"},
		{p.Streams[0].Errorf("", "is odd"), "testdata/pipeline.good.yaml:10:9: pipelines[0].streams[0]: is odd"},
		{config.Pipeline{}.Errorf("to", "is odd"), "to: is odd"},
	} {
		if tt.got.Error() != tt.want {
			t.Errorf("got  %s\nwant %s", tt.got, tt.want)
		}
	}
	joined := config.Join(p.Errorf("to", "b"), nil, con.Errorf("type", "a"), p.Errorf("to", "b"))
	want := "testdata/pipeline.good.yaml:3:22: connections[0].type: a\ntestdata/pipeline.good.yaml:8:9: pipelines[0].to: b"
	if joined.Error() != want {
		t.Errorf("Join gives\n%v\nwant\n%s", joined, want)
	}
	if err := config.Join(nil, nil); err != nil {
		t.Errorf("Join of nothing gives %v", err)
	}
	if err := config.Join(os.ErrExist, con.Errorf("type", "a")); !errors.Is(err, os.ErrExist) || !strings.Contains(err.Error(), "type: a") {
		t.Errorf("Join with another error gives %v", err)
	}
}

func TestResolvedHidesSecrets(t *testing.T) {
	t.Setenv("P", canary)
	text := "version: 1\nconnections:\n" +
		"  - {name: a, type: clevertap, account_id: " + canary + "-id, passcode: " + canary + "1, tuning: {tokens: [" + canary + "2, 'x${env:P}'], header: {h: v}}}\n" +
		"  - {name: b, type: bucket, url: 'https://u:" + canary + "3@h/x'}\n" +
		"  - {name: c, type: postgres, url: 'postgres://u:${env:P}@h/db'}\n" +
		"alerts:\n  - {name: o, type: slack, url: 'https://h/" + canary + "', on: [failure]}\n"
	for name, o := range map[string]config.Options{"Kinds": {Kinds: kinds()}, "NoKinds": {}} {
		t.Run(name, func(t *testing.T) {
			shown, err := load(t, text, o).Resolved()
			if err != nil {
				t.Fatal(err)
			}
			hidden := strings.ReplaceAll(shown, canary+"-id", "")
			if strings.Contains(hidden, canary) {
				t.Errorf("a secret is in\n%s", shown)
			}
			if name == "Kinds" && (!strings.Contains(shown, "https://u:***@h/x") || !strings.Contains(shown, "***${env:P}***") || !strings.Contains(shown, "h: v")) {
				t.Errorf("too much is hidden:\n%s", shown)
			}
			if name == "NoKinds" && shown != hidden {
				t.Errorf("a text that may be a secret is in\n%s", shown)
			}
		})
	}
}

func TestDecodeAtOnce(t *testing.T) {
	t.Setenv("T_PASS", canary)
	c, con := connection(t, `account_id: A, passcode: "${env:T_PASS}"`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := con.Decode(&clevertapConfig{}); err != nil {
				t.Error(err)
			}
			c.Redactor().String("text")
			c.Warnings()
		})
	}
	wg.Wait()
}
