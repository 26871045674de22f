package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/loader"
	"tapline/warehouse"
)

func newQuarantine(a *app) *cobra.Command {
	return listing("quarantine", "Rows and cells that could not be read or typed, kept whole",
		newQuarantineList(a), newQuarantineShow(a), newQuarantineReplay(a), newQuarantinePurge(a))
}

// filterFlags choose entries; the pipeline is an argument.
type filterFlags struct{ table, load, slice, column, reason string }

func (f *filterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.table, "table", "", "of this table only")
	cmd.Flags().StringVar(&f.load, "load", "", "of this load only")
	cmd.Flags().StringVar(&f.slice, "slice", "", "of this slice only, as pipeline/stream/slice")
	cmd.Flags().StringVar(&f.column, "column", "", "of this column only")
	cmd.Flags().StringVar(&f.reason, "reason", "", "of this reason only, such as value.type")
}

func (f *filterFlags) filter(pipeline string) warehouse.Filter {
	return warehouse.Filter{Pipeline: pipeline, Table: f.table, Load: f.load, Slice: f.slice, Column: f.column, Reason: f.reason}
}

// eachQuarantine visits the quarantines of the pipelines' warehouses.
func (p *project) eachQuarantine(names []string, do func(pipeline string, q warehouse.Quarantine) error) error {
	pipelines, err := p.selected(names)
	if err != nil {
		return err
	}
	for _, pl := range pipelines {
		err := p.inWarehouse(pl.To, func(w warehouse.Warehouse) error {
			q, ok := w.(warehouse.Quarantine)
			if !ok {
				return fmt.Errorf("warehouse %s keeps no quarantine: %w", pl.To, errAbility)
			}
			return do(pl.Name, q)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func newQuarantineList(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "list [PIPELINE...]", Short: "How much is in quarantine, and why"}
	var f filterFlags
	f.add(cmd)
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		list := &quarantineList{Groups: []quarantineGroup{}}
		err = p.eachQuarantine(args, func(pipeline string, q warehouse.Quarantine) error {
			for e, err := range q.Quarantined(ctx, f.filter(pipeline)) {
				if err != nil {
					return err
				}
				list.add(pipeline, e)
			}
			return nil
		})
		if err != nil && len(list.Groups) == 0 {
			return nil, err // nothing was found out, which is not nothing there
		}
		return list, err
	})
	return cmd
}

// quarantineList counts entries by what they have in common.
type quarantineList struct {
	Entries int64             `json:"entries"`
	Groups  []quarantineGroup `json:"groups"`
}

type quarantineGroup struct {
	Pipeline string    `json:"pipeline"`
	Table    string    `json:"table"`
	Column   string    `json:"column"` // "" = whole rows
	Reason   string    `json:"reason"`
	Entries  int64     `json:"entries"`
	Place    string    `json:"place"` // of the first
	Since    time.Time `json:"since"`
}

func (l *quarantineList) add(pipeline string, e warehouse.Entry) {
	l.Entries++
	for i, g := range l.Groups {
		if g.Pipeline == pipeline && g.Table == e.Table && g.Column == e.Column && g.Reason == e.Reason {
			l.Groups[i].Entries++
			return
		}
	}
	l.Groups = append(l.Groups, quarantineGroup{pipeline, e.Table, e.Column, e.Reason, 1, e.Slice + ", " + e.Place, e.QuarantinedAt.UTC()})
}

// Text implements view.
func (l *quarantineList) Text(p *printer) {
	if l.Entries == 0 {
		p.line("nothing is in quarantine")
		return
	}
	t := &table{heads: []string{"table", "column", "reason", ">entries", "first at"}}
	rows := int64(0)
	for _, g := range l.Groups {
		column := g.Column
		if column == "" {
			column = "(whole row)"
			rows += g.Entries
		}
		t.add(g.Table, column, g.Reason, count(g.Entries), g.Place)
	}
	p.table(t)
	p.line("%s", held(rows, l.Entries-rows))
	p.line("the raw text: tapline quarantine show; after a fix: tapline quarantine replay")
}

func newQuarantineShow(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "show [PIPELINE...]", Short: "Entries with their raw text (which may be personal data)"}
	var f filterFlags
	f.add(cmd)
	limit := cmd.Flags().Int64("limit", 20, "how many entries to show; 0 = all")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		shown := entriesShown{Entries: []entryShown{}}
		err = p.eachQuarantine(args, func(pipeline string, q warehouse.Quarantine) error {
			filter := f.filter(pipeline)
			filter.Limit = *limit
			for e, err := range q.Quarantined(ctx, filter) {
				if err != nil {
					return err
				}
				shown.Entries = append(shown.Entries, entryShown(e))
			}
			return nil
		})
		if err != nil && len(shown.Entries) == 0 {
			return nil, err
		}
		return shown, err
	})
	return cmd
}

type entriesShown struct {
	Entries []entryShown `json:"entries"`
}

// An entryShown is a warehouse.Entry under the names of JSON.
type entryShown struct {
	Load          string    `json:"load"`
	Slice         string    `json:"slice"`
	Table         string    `json:"table"`
	Row           int64     `json:"row"`
	Column        string    `json:"column"`
	Source        string    `json:"source"`
	Reason        string    `json:"reason"`
	Place         string    `json:"place"`
	Raw           string    `json:"raw"`
	QuarantinedAt time.Time `json:"quarantinedAt"`
}

// Text implements view.
func (s entriesShown) Text(p *printer) {
	for _, e := range s.Entries {
		p.line("%s  %s  row %d%s", e.Reason, e.Table, e.Row, prefixed(", column ", e.Column))
		p.line("  where  %s, %s", e.Slice, e.Place)
		p.line("  raw    %s", cut(e.Raw, 2000))
	}
	if len(s.Entries) == 0 {
		p.line("nothing is in quarantine")
	}
}

// cut shortens a text for people, at a letter.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + fmt.Sprintf("… (%s)", size(int64(len(s))))
}

func newQuarantineReplay(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay [PIPELINE...]", Short: "Read entries again, and move into the tables what has become readable",
		Long: `replay decodes and types entries again by the configuration as it is now: after a
type was pinned with columns:, or with a newer tapline. What is still unreadable stays.`,
	}
	var f filterFlags
	f.add(cmd)
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		pipelines, err := p.selected(args)
		if err != nil {
			return nil, err
		}
		var r replayed
		for _, pl := range pipelines {
			if err := p.replay(ctx, pl, f.filter(pl.Name), &r); err != nil {
				return r, err
			}
		}
		return r, nil
	})
	return cmd
}

func (p *project) replay(ctx context.Context, pl config.Pipeline, f warehouse.Filter, r *replayed) error {
	fl, err := p.open(ctx, pl)
	if err != nil {
		return err
	}
	defer p.a.closing(fl)
	fl.config.Run = newRunID(p.now())
	l, err := loader.New(fl.config)
	if err != nil {
		return err
	}
	moved, left, err := l.Replay(ctx, f)
	r.Moved += moved
	r.Left += left
	return err
}

type replayed struct {
	Moved int64 `json:"moved"`
	Left  int64 `json:"left"`
}

// Text implements view.
func (r replayed) Text(p *printer) {
	p.line("entries moved into the tables: %s; left in quarantine: %s", count(r.Moved), count(r.Left))
}

func newQuarantinePurge(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "purge [PIPELINE...]", Short: "Delete entries for good",
		Long: "purge deletes entries with their raw text. Receipts keep count of them, so that verify still adds up.",
	}
	var f filterFlags
	f.add(cmd)
	yes := cmd.Flags().BoolP("yes", "y", false, "do not ask")
	before := cmd.Flags().Duration("older-than", 0, "only what was quarantined longer ago than this, such as 720h")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		if !*yes {
			if err := a.confirm("Delete what is in quarantine, for good?", "--yes"); err != nil {
				return nil, err
			}
		}
		var r purged
		err = p.eachQuarantine(args, func(pipeline string, q warehouse.Quarantine) error {
			filter := f.filter(pipeline)
			if *before > 0 {
				filter.Before = p.now().Add(-*before)
			}
			n, err := q.Purge(ctx, filter)
			r.Purged += n
			return err
		})
		return r, err
	})
	return cmd
}

type purged struct {
	Purged int64 `json:"purged"`
}

// Text implements view.
func (r purged) Text(p *printer) { p.line("entries deleted: %s", count(r.Purged)) }
