package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tapline/warehouse"
)

func newTables(a *app) *cobra.Command {
	list := &cobra.Command{Use: "list", Short: "The tables that pipelines have loaded", Args: cobra.NoArgs}
	list.RunE = a.does(func(ctx context.Context, _ []string) (view, error) { return a.listTables(ctx, list) })
	show := &cobra.Command{Use: "show TABLE", Short: "The columns of a table, and its loads", Args: cobra.ExactArgs(1)}
	show.RunE = a.does(func(ctx context.Context, args []string) (view, error) { return a.showTable(ctx, show, args[0]) })
	return listing("tables", "What is in the warehouses", list, show)
}

// A loadedTable is what the receipts tell of a table.
type loadedTable struct {
	Warehouse   string    `json:"warehouse"`
	Table       string    `json:"table"`
	Pipelines   []string  `json:"pipelines"`
	Slices      int64     `json:"slices"`
	Rows        int64     `json:"rows"`
	Quarantined int64     `json:"quarantined"`
	FirstDay    string    `json:"firstDay,omitempty"`
	LastDay     string    `json:"lastDay,omitempty"`
	LoadedAt    time.Time `json:"loadedAt"`
}

func (a *app) listTables(ctx context.Context, cmd *cobra.Command) (view, error) {
	p, err := a.project(cmd)
	if err != nil {
		return nil, err
	}
	result := tablesList{Tables: []loadedTable{}}
	err = p.eachWarehouse(func(name string, w warehouse.Warehouse) error {
		tables, err := loadedTables(ctx, name, w)
		result.Tables = append(result.Tables, tables...)
		return err
	})
	if err != nil && len(result.Tables) == 0 {
		return nil, err // nothing was found out, which is not nothing loaded
	}
	return result, err
}

func loadedTables(ctx context.Context, name string, w warehouse.Warehouse) ([]loadedTable, error) {
	tables := map[string]loadedTable{}
	for r, err := range w.Receipts(ctx, "") {
		if err != nil {
			return nil, err
		}
		tables[r.Table] = tables[r.Table].with(r)
	}
	var list []loadedTable
	for _, n := range slices.Sorted(maps.Keys(tables)) {
		t := tables[n]
		t.Warehouse, t.Table = name, n
		list = append(list, t)
	}
	return list, nil
}

func (t loadedTable) with(r warehouse.Receipt) loadedTable {
	t.Slices++
	t.Rows += r.RowsLoaded
	t.Quarantined += r.RowsQuarantined + r.CellsQuarantined - r.RowsPurged - r.CellsPurged
	if !slices.Contains(t.Pipelines, r.Pipeline) {
		t.Pipelines = append(t.Pipelines, r.Pipeline)
		slices.Sort(t.Pipelines)
	}
	if !r.Day.IsZero() {
		day := r.Day.Format(time.DateOnly)
		if t.FirstDay == "" || day < t.FirstDay {
			t.FirstDay = day
		}
		t.LastDay = max(t.LastDay, day)
	}
	if r.CommittedAt.After(t.LoadedAt) {
		t.LoadedAt = r.CommittedAt.UTC()
	}
	return t
}

type tablesList struct {
	Tables []loadedTable `json:"tables"`
}

// Text implements view.
func (l tablesList) Text(p *printer) {
	if len(l.Tables) == 0 {
		p.line("nothing is loaded yet; tapline run loads")
		return
	}
	t := &table{heads: []string{"table", ">rows", ">slices", "first day", "last day", clockHead("loaded"), ">quarantined", "warehouse"}}
	several := slices.ContainsFunc(l.Tables, func(x loadedTable) bool { return x.Warehouse != l.Tables[0].Warehouse })
	if !several {
		t.heads = t.heads[:len(t.heads)-1]
	}
	for _, x := range l.Tables {
		cells := []any{x.Table, count(x.Rows), count(x.Slices), x.FirstDay, x.LastDay, minute(x.LoadedAt), count(x.Quarantined), x.Warehouse}
		t.add(cells[:len(t.heads)]...)
	}
	p.table(t)
}

func (a *app) showTable(ctx context.Context, cmd *cobra.Command, name string) (view, error) {
	p, err := a.project(cmd)
	if err != nil {
		return nil, err
	}
	var found *tableShown
	var names []string
	err = p.eachWarehouse(func(in string, w warehouse.Warehouse) error {
		tables, err := loadedTables(ctx, in, w)
		if err != nil {
			return err
		}
		for _, t := range tables {
			names = append(names, t.Table)
			if t.Table != name || found != nil {
				continue
			}
			shape, err := w.Table(ctx, name)
			if err != nil {
				return err
			}
			found = &tableShown{t, shape.About, columnResults(shape.Columns)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if found == nil {
		hint := ""
		if near := nearest(name, names); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return nil, fmt.Errorf("%w: nothing is loaded into %q%s", warehouse.ErrNotExist, name, hint)
	}
	return found, nil
}

type tableShown struct {
	loadedTable
	About   string         `json:"about,omitempty"`
	Columns []columnResult `json:"columns"`
}

// Text implements view.
func (s *tableShown) Text(p *printer) {
	p.line("table     %s%s", s.Table, prefixed("  ", s.About))
	p.line("rows      %s in %s%s", count(s.Rows), plural(s.Slices, "slice"), prefixed(", ", days(s.FirstDay, "")))
	p.line("loaded    %s", clock(s.LoadedAt))
	t := &table{heads: []string{"column", "type", "source"}}
	for _, c := range s.Columns {
		t.add(c.Name, c.Type, c.Source)
	}
	p.table(t)
}
