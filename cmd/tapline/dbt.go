package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tapline/warehouse"
)

func newDocsDBT(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "dbt", Short: "A sources.yml for dbt, with descriptions, tests and freshness", Args: cobra.NoArgs,
		Long: `dbt writes what dbt wants to know of the tables: a source for each warehouse, with
the columns, their types and the vendor's names, tests of what tapline promises, and
how old the data may get: as expect: or schedule: of the pipelines say, else a day.
It is for dbt 1.10 and newer.`,
		Example: `  tapline docs dbt > models/sources.yml
  tapline docs dbt --dir models`,
	}
	dir := cmd.Flags().String("dir", "", "the folder to write sources.yml into (default: stdout)")
	cmd.RunE = a.does(func(ctx context.Context, _ []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		c, err := p.catalogue(ctx, func(warehouse.Warehouse, *cataloguedWarehouse, *cataloguedTable) error { return nil })
		if err != nil {
			return nil, err
		}
		return writeDoc(*dir, "sources.yml", p.dbtSources(c))
	})
	return cmd
}

// How old data may be before dbt warns, and before it fails, when nothing else
// is said.
const (
	dbtWarn  = 24 * time.Hour
	dbtError = 48 * time.Hour
)

// A yamlWriter writes lines of YAML. Texts are always quoted.
type yamlWriter struct{ strings.Builder }

func (y *yamlWriter) line(depth int, format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = dbtText(s)
		}
	}
	fmt.Fprintf(y, strings.Repeat("  ", depth)+format+"\n", args...)
}

// dbtText quotes a text for YAML, and keeps dbt from reading Jinja in it.
// What strconv escapes YAML reads the same way.
func dbtText(s string) string {
	s = strings.NewReplacer("{{", "{{ '{{' }}", "{%", "{{ '{%' }}", "{#", "{{ '{#' }}").Replace(s)
	return strconv.Quote(s)
}

// dbtSources writes the whole file.
func (p *project) dbtSources(c *catalogue) string {
	y := &yamlWriter{}
	y.line(0, "version: 2")
	y.line(0, "")
	some := slices.ContainsFunc(c.Warehouses, func(w *cataloguedWarehouse) bool { return len(w.Tables) > 0 })
	if !some {
		y.line(0, "sources: []")
		return y.String()
	}
	y.line(0, "sources:")
	for _, w := range c.Warehouses {
		if len(w.Tables) == 0 {
			continue
		}
		y.line(1, "- name: %s", w.Name)
		y.line(2, "description: %s", "Tables loaded by tapline into "+w.Name+" ("+w.Type+").")
		if w.Database != "" {
			y.line(2, "database: %s", w.Database)
		}
		if w.Schema != "" {
			y.line(2, "schema: %s", w.Schema)
		}
		y.line(2, "config:")
		y.line(3, "loaded_at_field: %s", warehouse.ColLoadedAt)
		y.freshness(3, dbtWarn, dbtError)
		y.line(2, "tables:")
		for _, t := range w.Tables {
			p.dbtTable(y, t)
		}
	}
	return y.String()
}

func (y *yamlWriter) freshness(depth int, warn, fail time.Duration) {
	y.line(depth, "freshness:")
	for _, one := range []struct {
		key   string
		after time.Duration
	}{{"warn_after", warn}, {"error_after", fail}} {
		n, period := dbtPeriod(one.after)
		fmt.Fprintf(y, "%s%s: {count: %d, period: %s}\n", strings.Repeat("  ", depth+1), one.key, n, period)
	}
}

// dbtPeriod writes a length of time in the greatest unit that dbt has for it.
func dbtPeriod(d time.Duration) (int64, string) {
	minutes := int64((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes%(24*60) == 0:
		return minutes / (24 * 60), "day"
	case minutes%60 == 0:
		return minutes / 60, "hour"
	}
	return minutes, "minute"
}

func (p *project) dbtTable(y *yamlWriter, t *cataloguedTable) {
	y.line(3, "- name: %s", t.Table)
	y.line(4, "description: %s", tableAbout(t))
	if !plainName(t.Table) {
		y.line(4, "quoting: {identifier: true}")
	}
	if every := p.everyOf(t); every > 0 {
		y.line(4, "config:")
		// A quarter on top: the newest rows are as old as that when the next
		// ones are about to come.
		y.freshness(5, every+every/4, 2*every)
	}
	y.line(4, "columns:")
	unique := p.keyOf(t)
	for _, c := range t.Columns {
		y.line(5, "- name: %s", c.Name)
		y.line(6, "description: %s", columnAbout(c))
		y.line(6, "data_type: %s", c.Type)
		if !plainName(c.Name) {
			y.line(6, "quote: true")
		}
		switch {
		case c.Name == warehouse.ColSlice || c.Name == warehouse.ColLoad || c.Name == warehouse.ColRow:
			y.line(6, "data_tests: [not_null]")
		case c.Name == unique:
			y.line(6, "data_tests: [unique]")
		}
	}
}

// everyOf is how often new rows should come, by the pipelines that load the
// table; 0 = nothing says.
func (p *project) everyOf(t *cataloguedTable) time.Duration {
	var least time.Duration
	for _, o := range t.Origins {
		pl, e, ok := p.entryOf(o, t.Table)
		every := pl.Pause()
		if ok && e.Expect != nil {
			every = e.Expect.Every
		}
		if every > 0 && (least == 0 || every < least) {
			least = every
		}
	}
	return least
}

// keyOf is the column that no two rows share: the key of the merge, when it is
// one column and all that is loaded into the table is merged by it. "" = none.
func (p *project) keyOf(t *cataloguedTable) string {
	key := ""
	for _, o := range t.Origins {
		_, e, ok := p.entryOf(o, t.Table)
		if !ok || o.Mode != string(warehouse.Merge) || len(e.Key) != 1 || key != "" && key != e.Key[0] {
			return ""
		}
		key = e.Key[0]
	}
	return key
}

// plainName reports whether a name means the same without quotes in every
// warehouse, reserved words aside.
func plainName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// tableAbout says in a sentence or two what a table is.
func tableAbout(t *cataloguedTable) string {
	var from []string
	for _, o := range t.Origins {
		one := o.Stream + " by pipeline " + o.Pipeline
		if o.Source != "" {
			one = o.Stream + " of " + o.Source + " (" + o.SourceType + ") by pipeline " + o.Pipeline
		}
		from = append(from, one)
	}
	about := "Loaded from " + strings.Join(from, "; ") + "."
	if t.About != "" {
		about = sentence(t.About) + " " + about
	}
	return about
}

// sentence starts a text with a capital and ends it with a full stop.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(s[size:], ".") + "."
}

// columnAbout says where a column comes from; of tapline's own, what it is.
func columnAbout(c cataloguedColumn) string {
	switch c.Name {
	case warehouse.ColSlice:
		return "The slice that the row belongs to: pipeline, stream, and day or file. Loading a slice again replaces its rows."
	case warehouse.ColLoad:
		return "The load that brought the row, as in _tapline_loads. With _tapline_row it names one row."
	case warehouse.ColRow:
		return "The row's place among all that the load read, from 0."
	case warehouse.ColLoadedAt:
		return "When reading the load began, in UTC."
	case "event_date":
		if c.Source == "" || c.Source == c.Name {
			return "The day of the event in the source's time zone."
		}
	}
	if c.Source == "" {
		return ""
	}
	return "At the vendor: " + c.Source
}
