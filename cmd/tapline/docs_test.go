//go:build !noduckdb && cgo

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/postgres/pgtest"
)

// TestDocsRun does what the pages say: console blocks are run in order, in one
// folder a page, against an account of this process. A line that starts with
// "$ " is a command, those after it are among what it prints, digits and
// spaces aside. Configurations are those of yaml blocks.
func TestDocsRun(t *testing.T) {
	for _, p := range docPages(t) {
		t.Run(strings.TrimSuffix(filepath.Base(p.name), ".md"), func(t *testing.T) {
			server := clevertaptest.New(clevertaptest.Options{Data: shop()})
			if err := server.Start("127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = server.Close() }()
			w := walkthrough{dir: t.TempDir(), env: []string{"CT_URL=" + server.URL}}
			if p.configures("type: postgres") {
				w.env = append(w.env, "PG_URL="+pgtest.NewDatabase(t))
			}
			if p.configures("type: bigquery") {
				w.env = append(w.env, "BQ_URL="+bigquerytest.NewServer(t, bigquerytest.Options{}).URL)
			}
			for _, b := range p.blocks {
				at := fmt.Sprintf("%s:%d", p.name, b.line)
				switch b.lang {
				case "yaml":
					w.configure(t, at, b.lines)
				case "console":
					w.follow(t, at, b.lines)
				case "text", "sql":
				default:
					t.Errorf("%s: a block of %q: want console, yaml, sql or text", at, b.lang)
				}
			}
		})
	}
}

// A walkthrough is a reader who types what a page says.
type walkthrough struct {
	dir string
	env []string // where the servers are
}

// configures reports whether a configuration of the page has the text.
func (p page) configures(text string) bool {
	return slices.ContainsFunc(p.blocks, func(b block) bool {
		return b.lang == "yaml" && strings.Contains(strings.Join(b.lines, "\n"), text)
	})
}

func (w walkthrough) configure(t *testing.T, at string, lines []string) {
	if len(lines) == 0 || lines[0] != "# tapline.yaml" {
		t.Fatalf("%s: a yaml block is a whole configuration and starts with # tapline.yaml", at)
	}
	err := os.WriteFile(filepath.Join(w.dir, config.DefaultFile), []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w.command(t, at, "tapline config validate", 0)
}

var exitsWith = regexp.MustCompile(`\s+# exits ([0-9]+)$`)

func (w walkthrough) follow(t *testing.T, at string, lines []string) {
	said, commands := "", 0
	for _, line := range lines {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			if !loosely(line).MatchString(said) {
				t.Errorf("%s: %q is not among what is printed:\n%s", at, line, said)
			}
			continue
		}
		code := 0
		if m := exitsWith.FindStringSubmatch(command); m != nil {
			code, _ = strconv.Atoi(m[1]) // digits, as matched
		}
		said = w.command(t, at, command, code)
		commands++
	}
	if commands == 0 {
		t.Errorf("%s: no line starts with $", at)
	}
}

// redirects turn what names a vendor's own address to a server of the test.
var redirects = []struct {
	line *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`(?m)^(\s*)region:.*$`), `${1}url: "$${env:CT_URL}"`},
	{regexp.MustCompile(`(?m)^(\s*)location: asia-south1$`), `${1}endpoint: "$${env:BQ_URL}"`},
}

// regionFlag is how a command asks an account, and no file, for its region.
var regionFlag = regexp.MustCompile(`(init --source .*)--region in1`)

// command runs a command and returns what it printed. Vendors are the servers
// of the test, and no proxy leads out.
func (w walkthrough) command(t *testing.T, at, line string, want int) string {
	line = regionFlag.ReplaceAllString(line, `${1}--url "$$CT_URL"`)
	path := filepath.Join(w.dir, config.DefaultFile)
	if file, err := os.ReadFile(path); err == nil {
		for _, e := range redirects {
			file = e.line.ReplaceAll(file, []byte(e.to))
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	cmd.Dir = w.dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TAPLINE_") }),
		"CT_ACCOUNT_ID="+clevertaptest.DefaultAccountID, "CT_PASSCODE="+clevertaptest.DefaultPasscode,
		"TZ=UTC", "NO_COLOR=1", "HTTPS_PROXY=http://127.0.0.1:1")
	cmd.Env = append(cmd.Env, w.env...)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("%s: %s: exit code %d, want %d (%v)\n%s", at, line, code, want, err, out)
	}
	return string(out)
}

var (
	digits = regexp.MustCompile(`[0-9][0-9.,:]*[0-9]|[0-9]`)
	spaces = regexp.MustCompile(`\s+`)
)

// loosely matches a line of output whatever its numbers and its spacing are.
func loosely(line string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(strings.TrimSpace(digits.ReplaceAllString(line, "0")))
	pattern = strings.ReplaceAll(pattern, "0", `[0-9][0-9.,:]*`)
	return regexp.MustCompile(spaces.ReplaceAllLiteralString(pattern, `\s+`))
}

var (
	callOf = regexp.MustCompile(`(?:^|[\s/=])tapline(?:$|[ \t]+)`)
	inCode = regexp.MustCompile("`([^`]+)`")
	aWord  = regexp.MustCompile(`"([^"]*)"|[^\s"]+`)
)

// TestDocsCommands parses every command line of the pages.
func TestDocsCommands(t *testing.T) {
	found := 0
	check := func(at, line string) {
		for _, m := range callOf.FindAllStringIndex(line, -1) {
			found++
			if err := parses(words(line[m[1]:])); err != nil {
				t.Errorf("%s: %s: %v", at, strings.TrimSpace(line), err)
			}
		}
	}
	for _, p := range docPages(t) {
		for i, line := range p.prose {
			for _, m := range inCode.FindAllStringSubmatch(line, -1) {
				if strings.HasPrefix(m[1], "tapline ") || strings.HasPrefix(m[1], "./tapline ") {
					check(fmt.Sprintf("%s:%d", p.name, i+1), m[1])
				}
			}
		}
		for _, b := range p.blocks {
			for i, line := range b.lines {
				command, isCommand := strings.CutPrefix(line, "$ ")
				indented := strings.HasPrefix(line, " ") // output, quoted
				if b.lang == "console" && isCommand || b.lang == "text" && !indented {
					check(fmt.Sprintf("%s:%d", p.name, b.line+i), command)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d command lines: are they still found?", found)
	}
}

// words cuts a command line as a shell does, up to what is not of the command.
func words(line string) []string {
	var list []string
	for _, m := range aWord.FindAllStringSubmatch(line, -1) {
		if strings.ContainsAny(m[0][:1], "&|;>#") {
			break
		}
		list = append(list, cmp.Or(m[1], strings.Trim(m[0], `"`)))
	}
	return list
}

func parses(args []string) error {
	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	root := newRoot(a)
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	rest = cmd.Flags().Args()
	switch {
	case cmd.Name() == "help":
		_, err := helpAbout(a, root, rest)
		return err
	case cmd != root && cmd.HasSubCommands() && len(rest) == 0 && !slices.Contains(childNames(cmd), "list"):
		return fmt.Errorf("is no command by itself; which of %v?", childNames(cmd))
	}
	return cmd.ValidateArgs(rest)
}

var aLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestDocsLinks follows every link that stays in the project.
func TestDocsLinks(t *testing.T) {
	for _, p := range append(docPages(t), readPage(t, "ARCHITECTURE.md")) {
		for i, line := range p.prose {
			for _, m := range aLink.FindAllStringSubmatch(line, -1) {
				target, anchor, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, "://") {
					continue
				}
				to := p.name
				if target != "" {
					to = filepath.Join(filepath.Dir(p.name), target)
				}
				at := fmt.Sprintf("%s:%d: link to %s", p.name, i+1, m[1])
				if _, err := os.Stat(filepath.Join(docsRoot, to)); err != nil {
					t.Errorf("%s: %v", at, err)
				} else if strings.HasSuffix(to, ".md") && !readPage(t, to).anchors()[anchor] {
					t.Errorf("%s: %s has no heading of that name", at, to)
				}
			}
		}
	}
}

// TestDocsConfiguration holds configuration.md against the JSON Schema: each
// definition has a section, whose table has its keys and no others.
func TestDocsConfiguration(t *testing.T) {
	raw, err := config.Schema(kinds())
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]bool{}
	collect(want, "top of the file", schema)
	for name, def := range schema["$defs"].(map[string]any) {
		collect(want, strings.ReplaceAll(name, ".", ": "), def)
	}
	p := readPage(t, "docs/configuration.md")
	for section, keys := range want {
		named := map[string]bool{}
		for _, row := range p.rows(section) {
			if m := inCode.FindStringSubmatch(row[0]); m != nil {
				named[m[1]] = true
			}
		}
		if !maps.Equal(named, keys) {
			t.Errorf("section %q names %v, the schema has %v", section, slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(keys)))
		}
	}
}

// collect gathers the keys of a definition, and those of lists of column rules.
func collect(into map[string]map[string]bool, section string, def any) {
	object, _ := def.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	for key, value := range properties {
		if into[section] == nil {
			into[section] = map[string]bool{}
		}
		into[section][key] = true
		if key == "columns" {
			collect(into, "column rule", value.(map[string]any)["items"])
		}
	}
}

// TestDocsErrors holds errors.md against the registry, in both directions.
func TestDocsErrors(t *testing.T) {
	want := map[string]bool{}
	for _, f := range failures() {
		want[fmt.Sprintf("| `%s` | %d | %s | %s |", f.Code, f.Exit, f.Title, f.Fix)] = true
	}
	got := map[string]bool{}
	for _, row := range readPage(t, "docs/errors.md").rows("") {
		if row[0] != "code" {
			got["| "+strings.Join(row, " | ")+" |"] = true
		}
	}
	for _, row := range slices.Sorted(maps.Keys(want)) {
		if !got[row] {
			t.Errorf("errors.md lacks the row\n%s", row)
		}
	}
	for _, row := range slices.Sorted(maps.Keys(got)) {
		if !want[row] {
			t.Errorf("the registry has nothing like the row\n%s", row)
		}
	}
}

// TestDocsExitCodes holds the README's table against the constants of exit.go,
// and its words against tapline help exit-codes.
func TestDocsExitCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(spec.Names[0].Name, "exit") && len(spec.Values) == 1 {
			want = append(want, spec.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	topic := " " + spaces.ReplaceAllString(exitTopic, " ")
	var got []string
	for _, row := range readPage(t, "README.md").rows("Exit codes") {
		if row[0] == "code" {
			continue
		}
		got = append(got, row[0])
		if text := " " + row[0] + " " + row[1] + " "; !strings.Contains(topic, text) {
			t.Errorf("help exit-codes does not say %q", text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("README has %v, exit.go has %v", got, want)
	}
}

// TestDocsReadme wants every command and every kind of connection in the README.
func TestDocsReadme(t *testing.T) {
	prose := strings.Join(readPage(t, "README.md").prose, "\n")
	root := newRoot(newApp(os.Stdin, os.Stdout, os.Stderr))
	for _, c := range root.Commands() {
		if !c.Hidden && !strings.Contains(prose, "`tapline "+c.Name()) {
			t.Errorf("README does not name the command %s", c.Name())
		}
	}
	for kind := range kinds() {
		if !strings.Contains(prose, "`"+kind+"`") {
			t.Errorf("README does not name the type %s", kind)
		}
	}
}
