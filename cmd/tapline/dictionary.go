package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tapline/sql"
	"tapline/warehouse"
)

// Forms of the dictionary.
const (
	formMarkdown = "markdown"
	formHTML     = "html"
)

type dictionaryFlags struct {
	form, dir         string
	samples, noCounts bool
}

func newDocsDictionary(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "dictionary", Short: "Every table and column, for people", Args: cobra.NoArgs,
		Long: `dictionary writes a page about what is in the warehouses: every table, where its rows
come from and when they came, every column with its type, the vendor's name and how
often it has a value, and what is in quarantine. It holds no values of the tables
unless --samples asks for one of each column: they may be personal data.`,
		Example: `  tapline docs dictionary > dictionary.md
  tapline docs dictionary --format html --dir public`,
	}
	var f dictionaryFlags
	cmd.Flags().StringVar(&f.form, "format", formMarkdown, "markdown or html: one page that needs nothing else")
	cmd.Flags().StringVar(&f.dir, "dir", "", "the folder to write dictionary.md or dictionary.html into (default: stdout)")
	cmd.Flags().BoolVar(&f.samples, "samples", false, "show a value of each column, which may be personal data")
	cmd.Flags().BoolVar(&f.noCounts, "no-counts", false, "do not read the tables, so that nothing is billed: how often columns have values is left out")
	cmd.RunE = a.does(func(ctx context.Context, _ []string) (view, error) { return a.dictionary(ctx, cmd, f) })
	return cmd
}

func (a *app) dictionary(ctx context.Context, cmd *cobra.Command, f dictionaryFlags) (view, error) {
	if f.form != formMarkdown && f.form != formHTML {
		return nil, usageError{fmt.Errorf("--format %q: want markdown or html", f.form), "tapline docs dictionary --help"}
	}
	if f.samples && f.noCounts {
		return nil, usageError{fmt.Errorf("--samples reads the tables, which --no-counts forbids"), "tapline docs dictionary --help"}
	}
	p, err := a.project(cmd)
	if err != nil {
		return nil, err
	}
	c, err := p.catalogue(ctx, func(w warehouse.Warehouse, in *cataloguedWarehouse, t *cataloguedTable) error {
		return p.look(ctx, w, in.Type, t, f)
	})
	if err != nil {
		return nil, err
	}
	if f.form == formHTML {
		page, err := htmlDictionary(c, f.samples)
		if err != nil {
			return nil, err
		}
		return writeDoc(f.dir, "dictionary.html", page)
	}
	return writeDoc(f.dir, "dictionary.md", markdownDictionary(c, f.samples))
}

// look counts what is in a table and in its quarantine. A table that cannot be
// read, as one whose partitions have to be named, is left without counts.
func (p *project) look(ctx context.Context, w warehouse.Warehouse, kind string, t *cataloguedTable, f dictionaryFlags) error {
	if f.noCounts {
		return nil
	}
	if q, ok := w.(warehouse.Querier); ok {
		if err := p.fill(ctx, q, kind, t, f.samples); err != nil {
			if ctx.Err() != nil {
				return err
			}
			p.a.warn("table " + t.Table + " is not counted: " + err.Error())
		}
	}
	aside, ok := w.(warehouse.Quarantine)
	if !ok || t.RowsQuarantined+t.CellsQuarantined == 0 {
		return nil
	}
	cells := map[string]int64{}
	for e, err := range aside.Quarantined(ctx, warehouse.Filter{Table: t.Table}) {
		if err != nil {
			return err
		}
		cells[e.Column]++
	}
	for i := range t.Columns {
		t.Columns[i].Quarantined = cells[t.Columns[i].Name]
	}
	return nil
}

// fillColumns is how many columns are counted at once.
const fillColumns = 100

// fill counts the rows, and in how many of them each column has a value.
func (p *project) fill(ctx context.Context, q warehouse.Querier, kind string, t *cataloguedTable, samples bool) error {
	var columns []*cataloguedColumn
	for i := range t.Columns {
		if !warehouse.IsOwn(t.Columns[i].Name) {
			columns = append(columns, &t.Columns[i])
		}
	}
	for {
		some := columns[:min(len(columns), fillColumns)]
		columns = columns[len(some):]
		names := make([]string, len(some))
		for i, c := range some {
			names[i] = c.Name
		}
		query, err := sql.Text(kind, "dictionary_fill", map[string]any{"Table": t.Table, "Columns": names, "Samples": samples})
		if err != nil {
			return err
		}
		if err := filled(ctx, q, query, t, some, samples); err != nil || len(columns) == 0 {
			return err
		}
	}
}

// filled asks and keeps the answer: rows, then counts, then samples.
func filled(ctx context.Context, q warehouse.Querier, query string, t *cataloguedTable, columns []*cataloguedColumn, samples bool) error {
	for rec, err := range q.Query(ctx, query) {
		if err != nil {
			return err
		}
		if rec.NumRows() == 0 {
			continue
		}
		number := func(column int) *int64 {
			n, err := strconv.ParseInt(fmt.Sprint(cell(rec.Column(column), 0)), 10, 64)
			if err != nil {
				return nil
			}
			return &n
		}
		if n := number(0); n != nil {
			t.Rows = *n
		}
		for i, c := range columns {
			c.Filled = number(1 + i)
			if s, ok := sample(samples, func() any { return cell(rec.Column(1+len(columns)+i), 0) }); ok {
				c.Sample = &s
			}
		}
	}
	return nil
}

func sample(wanted bool, value func() any) (string, bool) {
	if !wanted {
		return "", false
	}
	s, ok := value().(string)
	return shortened(s), ok
}

// shortened cuts a long value.
func shortened(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// percent says how many of all rows have a value; "" = not counted. All and
// none are said of nothing less.
func (c cataloguedColumn) percent(rows int64) string {
	switch {
	case warehouse.IsOwn(c.Name):
		return "100%"
	case c.Filled == nil || rows == 0:
		return ""
	case *c.Filled == 0:
		return "0%"
	case *c.Filled >= rows:
		return "100%"
	}
	tenths := *c.Filled * 1000 / rows
	switch {
	case tenths == 0:
		return "under 0.1%"
	case tenths%10 == 0:
		return fmt.Sprintf("%d%%", tenths/10)
	}
	return fmt.Sprintf("%d.%d%%", tenths/10, tenths%10)
}

// loadedLine says how much is in a table, and since when.
func (t *cataloguedTable) loadedLine() string {
	line := plural(t.Rows, "row") + " in " + plural(t.Slices, "slice")
	if t.FirstDay != "" {
		line += ", " + days(t.FirstDay, "")
		if t.LastDay != t.FirstDay {
			line += " to " + t.LastDay
		}
	}
	return line
}

// quarantineLine says what is kept aside; "" = nothing.
func (t *cataloguedTable) quarantineLine() string {
	if t.RowsQuarantined+t.CellsQuarantined == 0 {
		return ""
	}
	return held(t.RowsQuarantined, t.CellsQuarantined)
}

// originLine says where an origin's rows come from.
func (o tableOrigin) originLine() string {
	if o.Source == "" {
		return o.Stream + ", by pipeline " + o.Pipeline + ", which is not in the configuration any more"
	}
	return o.Stream + " of " + o.Source + " (" + o.SourceType + "), by pipeline " + o.Pipeline
}

// What every dictionary says of the columns that tapline adds.
const ownColumnsAbout = "Every table ends with four columns of tapline: the slice a row belongs to, the load that brought it, " +
	"its place in that load, and when the load was read. Load and place together name one row."

// plainText is a text of a vendor's as a page shows it: one line, nothing that
// acts on whatever shows it.
func plainText(s string) string { return strings.TrimSpace(printable(s)) }
