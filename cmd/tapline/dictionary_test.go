//go:build !noduckdb && cgo

package main

import (
	"strings"
	"testing"
	"time"

	"tapline/config"
)

// hostileNames are what a vendor might send to break out of a page.
var hostileNames = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "a|b", "`code`", "a\\|b", "[x](javascript:alert(1))",
	"line\nbreak\r\n| cell | cell |", "# heading", "**bold**", "{{ env_var('SECRET') }}", "{% do x %}{# c #}", "www.example.com",
	"https://example.com", "it's \"quoted\" \\ \t\x00\x7f\u202e", "- name: x\n  y: z", "&lt;b&gt;", "<!-- ", "!important", "1. one", "~~s~~",
}

// hostileCatalogue has each of them wherever a name can stand.
func hostileCatalogue() *catalogue {
	w := &cataloguedWarehouse{Name: "bi", Type: "duckdb", Database: hostileNames[1], Schema: hostileNames[9]}
	for _, name := range hostileNames {
		t := &cataloguedTable{About: name, RowsQuarantined: 1, CellsQuarantined: 2}
		t.Table, t.Rows, t.Slices, t.LoadedAt = name, 1000, 1, time.Date(2026, 9, 1, 2, 3, 4, 0, time.UTC)
		t.Origins = []tableOrigin{{Pipeline: "p", Stream: name, Source: "ct", SourceType: "clevertap", Mode: "replace"}, {Pipeline: name, Stream: name}}
		for i, n := range hostileNames {
			filled := int64(i)
			t.Columns = append(t.Columns, cataloguedColumn{Name: n, Type: n, Source: n, Sample: &hostileNames[i], Filled: &filled})
		}
		w.Tables = append(w.Tables, t)
		w.Views = append(w.Views, cataloguedView{Name: name, About: name})
		w.Missing = append(w.Missing, name)
	}
	return &catalogue{Warehouses: []*cataloguedWarehouse{w}}
}

// The structure of a page is the same whatever the names are.
func TestMarkdownInjection(t *testing.T) {
	page := markdownDictionary(hostileCatalogue(), true)
	for i, line := range strings.Split(page, "\n") {
		bare := inCode.ReplaceAllString(line, "")
		for _, bad := range []string{"<", ">", "](", "**", "~~", "://", "www.", "\r", "\x00", "\u202e", "`"} {
			if strings.Contains(bare, bad) {
				t.Errorf("line %d holds %q: %s", i+1, bad, line)
			}
		}
		if strings.HasPrefix(line, "|") {
			if n := strings.Count(line, "|"); n != 3 && n != 5 && n != 7 {
				t.Errorf("line %d has %d bars: %s", i+1, n, line)
			}
		}
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# Data") && !strings.HasPrefix(line, "## Warehouse `bi`") && !strings.HasPrefix(line, "### ") {
			t.Errorf("line %d is a heading: %s", i+1, line)
		}
	}
	if page != markdownDictionary(hostileCatalogue(), true) {
		t.Error("another page from the same catalogue")
	}
}

func TestHTMLInjection(t *testing.T) {
	page, err := htmlDictionary(hostileCatalogue(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "<!--", "href=\"javascript", "href=\"http", "\x00", "\u202e", "<b>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	var open []string
	for _, tag := range htmlTags(page) {
		name := strings.Fields(strings.Trim(tag, "</>"))[0]
		switch {
		case name == "meta" || name == "!DOCTYPE":
		case !strings.HasPrefix(tag, "</"):
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Fatalf("%s closes nothing of %v", tag, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("left open: %v", open)
	}
	again, err := htmlDictionary(hostileCatalogue(), true)
	if err != nil || page != again {
		t.Errorf("another page from the same catalogue, or %v", err)
	}
}

func htmlTags(page string) []string {
	var tags []string
	for {
		_, rest, ok := strings.Cut(page, "<")
		if !ok {
			return tags
		}
		tag, after, _ := strings.Cut(rest, ">")
		tags = append(tags, "<"+tag+">")
		page = after
	}
}

// Every text of sources.yml is quoted on one line, and holds no Jinja but what
// writes a brace.
func TestDBTInjection(t *testing.T) {
	p := &project{cfg: &config.Config{}}
	for i, line := range strings.Split(p.dbtSources(hostileCatalogue()), "\n") {
		bare := strings.NewReplacer("{{ '{{' }}", "", "{{ '{%' }}", "", "{{ '{#' }}", "").Replace(line)
		for _, bad := range []string{"{{", "{%", "{#", "\t", "\r", "\x00", "\x7f", "\u202e"} {
			if strings.Contains(bare, bad) {
				t.Errorf("line %d holds %q: %s", i+1, bad, line)
			}
		}
		_, value, ok := strings.Cut(line, ": ")
		if ok && strings.HasPrefix(value, `"`) && (!strings.HasSuffix(value, `"`) || len(value) < 2) {
			t.Errorf("line %d has a text without an end: %s", i+1, line)
		}
	}
}

func TestDBTPeriod(t *testing.T) {
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "1 day", 36 * time.Hour: "36 hour", 75 * time.Minute: "75 minute", time.Second: "1 minute", 48 * time.Hour: "2 day",
	} {
		n, period := dbtPeriod(d)
		if have := count(n) + " " + period; have != want {
			t.Errorf("%s: %s, want %s", d, have, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		filled, rows int64
		want         string
	}{{0, 10, "0%"}, {10, 10, "100%"}, {1, 3, "33.3%"}, {1, 2, "50%"}, {1, 5000, "under 0.1%"}, {99999, 100000, "99.9%"}, {0, 0, ""}} {
		if have := (cataloguedColumn{Name: "a", Filled: &c.filled}).percent(c.rows); have != c.want {
			t.Errorf("%d of %d: %q, want %q", c.filled, c.rows, have, c.want)
		}
	}
	if have := (cataloguedColumn{Name: "a"}).percent(5); have != "" {
		t.Errorf("not counted: %q", have)
	}
}

func TestMayBe(t *testing.T) {
	for _, c := range []struct {
		template, table string
		want            bool
	}{
		{"orders", "orders", true}, {"Orders", "orders", true}, {"orders", "orders2", false}, {"ev_{event}", "ev_order_placed", true},
		{"ev_{event}", "events", false}, {"{a}_{b}", "x_y", true}, {"a.b", "acb", false},
	} {
		if have := mayBe(c.template, c.table); have != c.want {
			t.Errorf("%s gives %s: %t, want %t", c.template, c.table, have, c.want)
		}
	}
}
