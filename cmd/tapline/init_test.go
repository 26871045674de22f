package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// shopAccount serves an account whose yesterday, in UTC, had 3 orders, 12 views
// and a push that the vendor never gives.
func shopAccount(t *testing.T) *clevertaptest.Server {
	t.Helper()
	server := clevertaptest.NewServer(t, clevertaptest.Options{Location: time.UTC, NotExportable: []string{"Push Impressions"}})
	yesterday := exporter.DayOf(time.Now().UTC()).Add(-1)
	for event, n := range map[string]int{"Order Placed": 3, `Viewed, "twice"`: 12} {
		for i := range n {
			server.AddEvents(event, yesterday, fmt.Sprintf(`{"profile":{"objectId":"o%d"},"ts":%s%06d,"event_props":{}}`, i, strings.ReplaceAll(yesterday.String(), "-", ""), i))
		}
	}
	t.Setenv("CT_ACCOUNT_ID", clevertaptest.DefaultAccountID)
	t.Setenv("SHOP_PASSCODE", clevertaptest.DefaultPasscode)
	return server
}

// TestInitAsks: a person at a terminal is asked for what no flag tells, again
// where the answer will not do, and chooses events from the account's list.
func TestInitAsks(t *testing.T) {
	server := shopAccount(t)
	dir := t.TempDir()
	code, stdout, stderr := atTerminal(t, strings.Join([]string{
		"", // the account id: as offered
		clevertaptest.DefaultPasscode, "SHOP_PASSCODE",
		"Mars/Phobos", "UTC",
		"Order Plcd", "4", "1, Order Placed",
	}, "\n")+"\n", "init", dir, "--source", "clevertap", "--url", server.URL)
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{
		`and not the passcode`, `"Mars/Phobos" is not known`, `did you mean "Order Placed"`, `has no event "4"`,
		`1 +Viewed, "twice" +12`, `2 +Order Placed +3`, `3 +Push Impressions +0`,
	} {
		if !regexp.MustCompile(want).MatchString(stderr) {
			t.Errorf("%q was not said to the person:\n%s", want, stderr)
		}
	}
	if !regexp.MustCompile(`(?m)^1 +Viewed, "twice" +12 +chosen$`).MatchString(stdout) {
		t.Errorf("the result does not show what was chosen:\n%s", stdout)
	}
	file := readInit(t, dir)
	if !strings.Contains(file, `events: ["Viewed, \"twice\"", "Order Placed"]`) {
		t.Errorf("not the events that were chosen:\n%s", file)
	}
	if strings.Contains(file+stdout+stderr, clevertaptest.DefaultPasscode) {
		t.Error("the passcode was written or shown")
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
}

// TestInitExamples: what the file shows behind # is right too.
func TestInitExamples(t *testing.T) {
	server := shopAccount(t)
	dir := t.TempDir()
	code, _, stderr := atTerminal(t, "", "init", dir, "--no-input", "--source", "clevertap", "--url", server.URL,
		"--timezone", "UTC", "--passcode-env", "SHOP_PASSCODE", "--event", "Order Placed")
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	file := readInit(t, dir)
	all := strings.ReplaceAll(file, "      # - {stream", "      - {stream")
	if strings.Count(all, "- {stream: ") != 5 || strings.Count(file, "      # - {stream") != 4 {
		t.Errorf("want 5 streams, 4 of them behind #:\n%s", file)
	}
	path := filepath.Join(dir, config.DefaultFile)
	if err := os.WriteFile(path, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, args := range [][]string{{"config", "validate"}, {"check"}} {
		if code, stdout, stderr := atTerminal(t, "", args...); code != exitDone {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

// TestInitRefuses: what is wrong is found before anything is written, and no
// answer that may be a secret is repeated.
func TestInitRefuses(t *testing.T) {
	server := shopAccount(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"the passcode instead of its variable":  {[]string{"--passcode-env", clevertaptest.DefaultPasscode}, exitUsage, "not the passcode"},
		"a passcode that looks like a variable": {[]string{"--passcode-env", "SECRETWORD"}, exitUsage, "the variable that it names is not set here"},
		"another's passcode":                    {[]string{"--passcode-env", "CT_ACCOUNT_ID"}, exitEnvironment, "api.unauthorized"},
		"another account":                       {[]string{"--account-id", "AAA-BBB-CCCC"}, exitEnvironment, "api.unauthorized"},
		"no account":                            {[]string{"--account-id", "${env:NOT_SET_HERE}"}, exitUsage, "the variable that it names is not set here"},
		"an account id of another form":         {[]string{"--account-id", "a b"}, exitUsage, "want an id such as"},
		"an event that is not there":            {[]string{"--event", "Order"}, exitUsage, `no event "Order"`},
		"all and one":                           {[]string{"--event", "*", "--event", "Order Placed"}, exitUsage, "stands alone"},
		"a source that cannot be asked":         {[]string{"--source", "bucket"}, exitUsage, "clevertap can"},
		"a url with a query":                    {[]string{"--url", "https://x/?a=b"}, exitUsage, "want no credentials, query or fragment"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new")
			args := append([]string{"init", dir, "--no-input", "--source", "clevertap", "--url", server.URL,
				"--timezone", "UTC", "--passcode-env", "SHOP_PASSCODE"}, c.args...)
			code, stdout, stderr := atTerminal(t, "", args...)
			if code != c.code || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.want, stderr)
			}
			if strings.Contains(stdout+stderr, clevertaptest.DefaultPasscode) || strings.Contains(stdout+stderr, "SECRETWORD") {
				t.Error("what may be a passcode was repeated")
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("something was written")
			}
		})
	}
}

// TestInitWithoutList: an account that lists no events is asked all the same.
func TestInitWithoutList(t *testing.T) {
	server := clevertaptest.NewServer(t, clevertaptest.Options{Location: time.UTC, NoSchema: true})
	t.Setenv("CT_ACCOUNT_ID", clevertaptest.DefaultAccountID)
	t.Setenv("CT_PASSCODE", clevertaptest.DefaultPasscode)
	dir := t.TempDir()
	code, _, stderr := atTerminal(t, "Charged\n", "init", dir, "--source", "clevertap", "--url", server.URL, "--timezone", "UTC",
		"--account-id", "${env:CT_ACCOUNT_ID}", "--passcode-env", "CT_PASSCODE")
	if code != exitDone || !strings.Contains(stderr, "gives no list of its events") || !strings.Contains(readInit(t, dir), `events: ["Charged"]`) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func readInit(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, config.DefaultFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// atTerminal runs the command line in this process as for a person who types.
func atTerminal(t *testing.T, typed string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	a.answers, a.stdout, a.stderr = bufio.NewReader(strings.NewReader(typed)), &out, redactingWriter{a, &errs}
	a.terminal = terminal{in: true, err: true}
	code = a.execute(t.Context(), args)
	return code, out.String(), errs.String()
}
