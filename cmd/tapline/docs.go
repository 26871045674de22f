package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/warehouse"
)

func newDocs(a *app) *cobra.Command {
	return group("docs", "Pages about what is in the warehouses", newDocsDBT(a), newDocsDictionary(a))
}

// A catalogue is what the warehouses hold, as far as tapline has loaded it.
type catalogue struct {
	Warehouses []*cataloguedWarehouse `json:"warehouses"`
}

type cataloguedWarehouse struct {
	Name     string             `json:"name"`
	Type     string             `json:"type"`
	Database string             `json:"database,omitempty"` // project or file; "" = not known
	Schema   string             `json:"schema,omitempty"`   // or data set
	Tables   []*cataloguedTable `json:"tables"`
	Views    []cataloguedView   `json:"views"`
	Missing  []string           `json:"missing"` // tables with receipts that are gone
	tables   map[string]*cataloguedTable
}

type cataloguedTable struct {
	loadedTable
	About   string             `json:"about,omitempty"`
	Origins []tableOrigin      `json:"origins"`
	Columns []cataloguedColumn `json:"columns"`
	// Rows and cells that are in quarantine now.
	RowsQuarantined  int64 `json:"rowsQuarantined"`
	CellsQuarantined int64 `json:"cellsQuarantined"`
}

// A tableOrigin is a stream that is loaded into a table.
type tableOrigin struct {
	Pipeline   string `json:"pipeline"`
	Stream     string `json:"stream"`
	Source     string `json:"source,omitempty"`     // the connection; "" = not in the configuration any more
	SourceType string `json:"sourceType,omitempty"` // its type
	Mode       string `json:"mode"`
}

type cataloguedColumn struct {
	Name        string  `json:"name"`
	Type        string  `json:"type"`             // in the warehouse's words
	Source      string  `json:"source,omitempty"` // the vendor's name
	Filled      *int64  `json:"filled,omitempty"` // rows in which it is not NULL; nil = not counted
	Sample      *string `json:"sample,omitempty"`
	Quarantined int64   `json:"quarantined"` // cells in quarantine
}

type cataloguedView struct {
	Name  string   `json:"name"`
	About string   `json:"about,omitempty"`
	Needs []string `json:"needs"` // views that it stands on
}

// catalogue asks each warehouse that pipelines load into for its tables. look
// may ask more of each table.
func (p *project) catalogue(ctx context.Context, look func(warehouse.Warehouse, *cataloguedWarehouse, *cataloguedTable) error) (*catalogue, error) {
	c := &catalogue{Warehouses: []*cataloguedWarehouse{}}
	err := p.eachWarehouse(func(name string, w warehouse.Warehouse) error {
		one, err := p.cataloguedWarehouse(ctx, name, w)
		if err != nil {
			return err
		}
		c.Warehouses = append(c.Warehouses, one)
		for _, t := range one.Tables {
			if err := look(w, one, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		slices.SortFunc(c.Warehouses, func(a, b *cataloguedWarehouse) int { return strings.Compare(a.Name, b.Name) })
	}
	return c, err
}

func (p *project) cataloguedWarehouse(ctx context.Context, name string, w warehouse.Warehouse) (*cataloguedWarehouse, error) {
	con, err := p.connection(name)
	if err != nil {
		return nil, err
	}
	kind, err := findKind(warehouses(), con, "loading into")
	if err != nil {
		return nil, err
	}
	c := &cataloguedWarehouse{Name: name, Type: con.Type, Tables: []*cataloguedTable{}, Views: []cataloguedView{},
		Missing: []string{}, tables: map[string]*cataloguedTable{}}
	if c.Database, c.Schema, err = kind.place(con); err != nil {
		return nil, err
	}
	for r, err := range w.Receipts(ctx, "") {
		if err != nil {
			return nil, err
		}
		p.origin(c, r)
	}
	for _, table := range slices.Sorted(maps.Keys(c.tables)) {
		t := c.tables[table]
		shape, err := w.Table(ctx, table)
		if errors.Is(err, warehouse.ErrNotExist) {
			c.Missing = append(c.Missing, table)
			continue
		}
		if err != nil {
			return nil, err
		}
		t.About = shape.About
		for _, col := range shape.Columns {
			t.Columns = append(t.Columns, cataloguedColumn{Name: col.Name, Type: kind.typeName(col), Source: col.Source})
		}
		slices.SortFunc(t.Origins, func(a, b tableOrigin) int {
			return strings.Compare(a.Pipeline+"\x00"+a.Stream, b.Pipeline+"\x00"+b.Stream)
		})
		c.Tables = append(c.Tables, t)
	}
	for _, v := range p.cfg.ViewsOf(name) {
		c.Views = append(c.Views, cataloguedView{v.Name, v.About, append([]string{}, v.Needs...)})
	}
	return c, nil
}

// origin adds a receipt to its table.
func (p *project) origin(c *cataloguedWarehouse, r warehouse.Receipt) {
	t := c.tables[r.Table]
	if t == nil {
		t = &cataloguedTable{Origins: []tableOrigin{}, Columns: []cataloguedColumn{}}
		t.Warehouse, t.Table = c.Name, r.Table
		c.tables[r.Table] = t
	}
	t.loadedTable = t.with(r)
	t.RowsQuarantined += r.RowsQuarantined - r.RowsPurged
	t.CellsQuarantined += r.CellsQuarantined - r.CellsPurged
	o := tableOrigin{Pipeline: r.Pipeline, Stream: r.Stream, Mode: string(r.Mode)}
	if pl, ok := p.cfg.Pipeline(r.Pipeline); ok {
		o.Source = pl.From
		if con, ok := p.cfg.Connection(pl.From); ok {
			o.SourceType = con.Type
		}
	}
	if !slices.Contains(t.Origins, o) {
		t.Origins = append(t.Origins, o)
	}
}

// entryOf is the stream of the configuration that loads an origin into a
// table: the first whose table it may be.
func (p *project) entryOf(o tableOrigin, table string) (config.Pipeline, config.StreamEntry, bool) {
	pl, ok := p.cfg.Pipeline(o.Pipeline)
	if !ok {
		return pl, config.StreamEntry{}, false
	}
	mode := func(e config.StreamEntry) string {
		switch {
		case e.History:
			return string(warehouse.History)
		case e.Mode == "":
			return string(warehouse.Replace)
		}
		return e.Mode
	}
	for _, e := range pl.Streams {
		if mode(e) == o.Mode && mayBe(e.Table, table) {
			return pl, e, true
		}
	}
	return pl, config.StreamEntry{}, false
}

var aPlaceholder = regexp.MustCompile(`\\\{[A-Za-z_][A-Za-z0-9_]*\\\}`)

// mayBe reports whether a template such as ev_{event} can give a table's name.
func mayBe(template, table string) bool {
	pattern := aPlaceholder.ReplaceAllString(regexp.QuoteMeta(template), ".*")
	ok, err := regexp.MatchString("(?is)^"+pattern+"$", table)
	return err == nil && ok
}

// A writtenDoc is a page that was written to a folder, or goes to stdout.
type writtenDoc struct {
	File    string `json:"file,omitempty"`
	Content string `json:"text,omitempty"`
}

// Text implements view.
func (d writtenDoc) Text(p *printer) {
	if d.File != "" {
		p.line("wrote %s", d.File)
		return
	}
	text(d.Content).Text(p)
}

// writeDoc writes a page into dir, in one rename, or leaves it for stdout.
func writeDoc(dir, name, content string) (view, error) {
	if dir == "" {
		return writtenDoc{Content: content}, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	path := filepath.Join(dir, name)
	temp, err := os.CreateTemp(dir, "."+name+".*")
	if err == nil {
		_, err = temp.WriteString(content)
		err = errors.Join(err, temp.Chmod(0o644), temp.Close())
		if err == nil {
			err = os.Rename(temp.Name(), path)
		}
		if err != nil {
			if rerr := os.Remove(temp.Name()); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
				err = errors.Join(err, rerr)
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	return writtenDoc{File: path}, nil
}

// minuteUTC is a moment on a page that is the same wherever it is made.
func minuteUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }
