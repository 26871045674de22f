//go:build emulator && cgo && !noduckdb

package bigquery

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
	"tapline/warehouse/warehousetest"
)

// emulatorURL is the variable that names an emulator which runs already.
const emulatorURL = "BIGQUERY_EMULATOR_URL"

// An emulator is a server of somebody else that speaks BigQuery's API, as a
// Python package.
type emulator struct {
	pack   string // with the version that was looked at
	python int    // 3.x that it needs
	start  func(bin, dir, project string, rest, grpc int) []string
}

func emulators() []emulator {
	return []emulator{
		{"bqemulator==1.4.0", 11, func(bin, dir, project string, rest, grpc int) []string {
			return []string{filepath.Join(bin, "bqemulator"), "start", "--ephemeral", "--data-dir", dir, "--project", project,
				"--rest-port", strconv.Itoa(rest), "--grpc-port", strconv.Itoa(grpc), "--log-level", "error"}
		}},
		{"local-bigquery==0.4.0", 13, func(bin, dir, project string, rest, grpc int) []string {
			return []string{filepath.Join(bin, "local-bigquery"), "--host", "127.0.0.1", "--port", strconv.Itoa(rest), "--grpc-port", strconv.Itoa(grpc),
				"--project", project, "--data-dir", dir, "serve"}
		}},
		{"crucible-emulator[server]==0.1.0a2", 13, func(bin, _, _ string, rest, _ int) []string {
			return []string{filepath.Join(bin, "crucible"), "serve", "--dialect", "bigquery", "--host", "127.0.0.1", "--port", strconv.Itoa(rest)}
		}},
	}
}

// suiteTime is how long an emulator gets. Cases that have not ended then are not
// served.
const suiteTime = 4 * time.Minute

const emulatedProject = "tapline-emulated"

// TestEmulatorSuite runs the suite against the emulator that the variable names.
// TestEmulator calls it and reads its output.
func TestEmulatorSuite(t *testing.T) {
	url := os.Getenv(emulatorURL)
	if url == "" {
		return // TestEmulator sets it for its child
	}
	warehousetest.Run(t, warehousetest.Subject{New: func(t *testing.T) warehousetest.Instance {
		dataset := fresh("suite_")
		w := openEmulated(t, url, dataset)
		if err := w.dataset().Create(t.Context(), &bq.DatasetMetadata{}); err != nil {
			t.Fatal(err)
		}
		i := instance(t, nil, w, func(t *testing.T) warehouse.Warehouse { return openEmulated(t, url, dataset) })
		from := i.From
		i.From = func(name string) string { return strings.Replace(from(name), "raw.", dataset+".", 1) }
		return i
	}})
}

func openEmulated(t *testing.T, url, dataset string) *Warehouse {
	t.Helper()
	w, err := New(t.Context(), Config{Project: emulatedProject, Dataset: dataset, Endpoint: url, Patience: 5 * time.Second,
		Sleep: func(ctx context.Context, d time.Duration) error { return sleep(ctx, min(d/20, 20*time.Millisecond)) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// TestEmulator reports which cases of the suite emulators serve. It fails for
// one that is served wrongly: other rows than BigQuery would have. An emulator
// that does not run, for there is no Python, no way to the packages, or
// something that it wants itself, is skipped, and it says why.
func TestEmulator(t *testing.T) {
	if url := os.Getenv(emulatorURL); url != "" {
		reportEmulator(t, url, url)
		return
	}
	for _, e := range emulators() {
		t.Run(e.pack, func(t *testing.T) {
			url, err := e.serve(t)
			if err != nil {
				t.Skipf("\n*** SKIPPED: nothing is known of %s, which does not run here ***\n%v\n", e.pack, err)
			}
			reportEmulator(t, e.pack, url)
		})
	}
}

// serve installs the emulator in a folder of the test and starts it.
func (e emulator) serve(t *testing.T) (string, error) {
	python, err := findPython(e.python)
	if err != nil {
		return "", err
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "venv", "bin")
	for _, line := range [][]string{
		{python, "-m", "venv", filepath.Join(dir, "venv")},
		{filepath.Join(bin, "pip"), "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20", e.pack},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if out, err := exec.CommandContext(ctx, line[0], line[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(line[0]), strings.Join(line[1:3], " "), err, tail(out))
		}
	}
	rest, grpc := freePort(t), freePort(t)
	line := e.start(bin, filepath.Join(dir, "data"), emulatedProject, rest, grpc)
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	log := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return "", err
	}
	over := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(over)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-over
	})
	url := fmt.Sprintf("http://127.0.0.1:%d", rest)
	for range 300 {
		if r, err := http.Get(url + "/bigquery/v2/projects/" + emulatedProject + "/datasets"); err == nil {
			_ = r.Body.Close()
			return url, nil
		}
		select {
		case <-over:
			return "", fmt.Errorf("%s ended:\n%s", filepath.Base(line[0]), tail(log.Bytes()))
		case <-time.After(200 * time.Millisecond):
		}
	}
	return "", fmt.Errorf("%s did not answer within a minute", filepath.Base(line[0]))
}

// findPython finds the python3 of PATH, if it is 3.minor or newer.
func findPython(minor int) (string, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("it needs Python 3.%d or newer: %w", minor, err)
	}
	out, err := exec.Command(python, "-c", "import sys, venv; print(sys.version_info[1])").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s has no venv: %w\n%s", python, err, tail(out))
	}
	if have, err := strconv.Atoi(strings.TrimSpace(string(out))); err != nil || have < minor {
		return "", fmt.Errorf("it needs Python 3.%d or newer, and %s is 3.%s; put a newer one first on PATH", minor, python, strings.TrimSpace(string(out)))
	}
	return python, nil
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// tail is the end of an output.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// A verdict is what became of a case.
type verdict struct {
	name, outcome string
	said          []string
}

var speaks = regexp.MustCompile(`^=== \w+\s+TestEmulatorSuite/?(\S*)`)

var ended = regexp.MustCompile(`^\s*--- (PASS|FAIL|SKIP): TestEmulatorSuite/(\S+) `)

// reportEmulator runs the suite in a process of its own and prints what came of
// each case.
func reportEmulator(t *testing.T, name, url string) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEmulatorSuite$", "-test.v", "-test.parallel=2", "-test.timeout="+suiteTime.String())
	cmd.Env = append(os.Environ(), emulatorURL+"="+url)
	out, _ := cmd.CombinedOutput() // cases fail
	verdicts := verdictsOf(out)
	if len(verdicts) == 0 {
		t.Fatalf("the suite told nothing of %s:\n%s", name, tail(out))
	}
	var table strings.Builder
	counts := map[string]int{}
	for _, v := range verdicts {
		counts[v.outcome]++
		fmt.Fprintf(&table, "  %-10s %-28s %s\n", v.outcome, v.name, v.why())
	}
	t.Logf("\n%s: %d cases served, %d not served, %d served wrongly\n%s", name, counts["served"], counts["not served"], counts["WRONG"], table.String())
	if counts["WRONG"] > 0 {
		t.Errorf("%s served %d cases wrongly", name, counts["WRONG"])
	}
}

// verdictsOf reads the output of the suite: "=== NAME" says whose lines follow.
func verdictsOf(out []byte) []verdict {
	var all []verdict
	said, speaker := map[string][]string{}, ""
	var begun []string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text := lines.Text()
		if m := speaks.FindStringSubmatch(text); m != nil {
			if speaker = m[1]; speaker != "" && !slices.Contains(begun, speaker) {
				begun = append(begun, speaker)
			}
			continue
		}
		if m := ended.FindStringSubmatch(text); m != nil {
			all = append(all, verdict{name: m[2], outcome: outcome(m[1] == "PASS", said[m[2]]), said: said[m[2]]})
			continue
		}
		if text = strings.TrimSpace(text); text != "" {
			said[speaker] = append(said[speaker], text)
		}
	}
	for _, name := range begun {
		if !slices.ContainsFunc(all, func(v verdict) bool { return v.name == name }) {
			all = append(all, verdict{name: name, outcome: outcome(false, said[name]), said: append(said[name], "no end within "+suiteTime.String())})
		}
	}
	// A case of cases says nothing itself.
	return slices.DeleteFunc(all, func(v verdict) bool {
		return slices.ContainsFunc(all, func(o verdict) bool { return strings.HasPrefix(o.name, v.name+"/") })
	})
}

// outcome tells a case that ended in an error from one that ended in other rows.
func outcome(passed bool, said []string) string {
	switch {
	case passed:
		return "served"
	case slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "(- want, + have)") }):
		return "WRONG"
	}
	return "not served"
}

// why is the first thing that a case said.
func (v verdict) why() string {
	if v.outcome == "served" || len(v.said) == 0 {
		return ""
	}
	text := strings.Join(v.said, " ")
	if r := []rune(text); len(r) > 240 {
		text = string(r[:240]) + "..."
	}
	return text
}
