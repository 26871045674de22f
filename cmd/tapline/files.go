package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/loader"
	"tapline/warehouse"
)

func newFiles(a *app) *cobra.Command {
	return listing("files", "The objects that pipelines have seen, and what became of them", newFilesList(a), newFilesShow(a))
}

func newFilesList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list [PIPELINE...]", Short: "Objects by time, the newest last",
		Long: `list shows what the last runs saw in the bucket and what the warehouse holds of it. It
asks the warehouse alone. The same list is the table _tapline_files there.

States: settling (changed only just now), settled (the next run loads it), loading,
loaded, replaced (a newer generation took its place), gone (deleted at the source;
its rows stay), ignored (matches the pattern, and is never read).`,
		Example: `  tapline files list
  tapline files list drops --state settling --limit 0`,
	}
	state := cmd.Flags().String("state", "", "in this state only")
	limit := cmd.Flags().Int("limit", 50, "how many to show, the newest; 0 = all")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		if known := fileStates(); *state != "" && !slices.Contains(known, *state) {
			return nil, usageError{fmt.Errorf("--state %s: there are %v", *state, known), cmd.CommandPath() + " --help"}
		}
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		v := &filesList{Files: []fileShown{}}
		err = p.eachFile(ctx, args, func(f warehouse.File) {
			if *state == "" || string(f.State) == *state {
				v.Files = append(v.Files, newFileShown(f))
			}
		})
		if err != nil && len(v.Files) == 0 {
			return nil, err
		}
		v.Total = len(v.Files)
		if *limit > 0 && v.Total > *limit {
			v.Files = v.Files[v.Total-*limit:]
		}
		return v, err
	})
	return cmd
}

func fileStates() []string {
	return []string{string(warehouse.FileSettling), string(warehouse.FileSettled), string(warehouse.FileLoading), string(warehouse.FileLoaded),
		string(warehouse.FileReplaced), string(warehouse.FileGone), string(warehouse.FileIgnored)}
}

// eachFile visits what is known of the pipelines' files.
func (p *project) eachFile(ctx context.Context, names []string, do func(warehouse.File)) error {
	pipelines, err := p.selected(names)
	if err != nil {
		return err
	}
	for _, pl := range pipelines {
		err := p.inWarehouse(pl.To, func(w warehouse.Warehouse) error {
			files, err := loader.Files(ctx, w, pl.Name)
			for _, f := range files {
				do(f)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// filesList is the result of files list.
type filesList struct {
	Total int         `json:"total"` // that match; Files may be the newest of them
	Files []fileShown `json:"files"`
}

type fileShown struct {
	Pipeline   string    `json:"pipeline"`
	Stream     string    `json:"stream"`
	Name       string    `json:"name"`
	Generation string    `json:"generation"`
	Size       int64     `json:"size"`
	Checksum   string    `json:"checksum,omitempty"`
	UpdatedAt  time.Time `json:"updatedAt"`
	FirstSeen  time.Time `json:"firstSeen"`
	State      string    `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	Run        string    `json:"run,omitempty"`
	Load       string    `json:"load,omitempty"`
}

func newFileShown(f warehouse.File) fileShown {
	return fileShown{f.Pipeline, f.Stream, f.Name, f.Generation, f.Size, f.Checksum, f.UpdatedAt, f.FirstSeen,
		string(f.State), f.Reason, f.LoadedBy, f.Load}
}

// Text implements view.
func (v *filesList) Text(p *printer) {
	if len(v.Files) == 0 {
		p.line("no files")
		return
	}
	t := &table{heads: []string{"updated", "state", ">size", "name"}}
	for _, f := range v.Files {
		state := f.State
		if f.Reason != "" {
			state += ": " + f.Reason
		}
		t.add(f.UpdatedAt.UTC().Format("2006-01-02 15:04:05"), state, humanize.IBytes(uint64(max(f.Size, 0))), f.Name)
	}
	p.table(t)
	if n := v.Total - len(v.Files); n > 0 {
		p.line("%s before these: --limit 0", plural(int64(n), "file"))
	}
}

func newFilesShow(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show PIPELINE NAME", Short: "All generations of one object, and the rows that came of them",
		Long: `show tells of an object, each generation of it, when it was seen and loaded, and how many
rows came of it. NAME is the whole name or its last part.`,
		Example: `  tapline files show drops exports/orders-2026-09-01.csv.gz`,
		Args:    cobra.ExactArgs(2),
	}
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		pl, ok := p.cfg.Pipeline(args[0])
		if !ok {
			return nil, p.noPipeline(args[0])
		}
		return p.fileHistory(ctx, pl, args[1])
	})
	return cmd
}

func (p *project) fileHistory(ctx context.Context, pl config.Pipeline, name string) (*fileHistory, error) {
	v := &fileHistory{Generations: []generationShown{}}
	err := p.inWarehouse(pl.To, func(w warehouse.Warehouse) error {
		files, err := loader.Files(ctx, w, pl.Name)
		if err != nil {
			return err
		}
		receipts := map[string]warehouse.Receipt{}
		for r, err := range w.Receipts(ctx, pl.Name) {
			if err != nil {
				return err
			}
			receipts[r.ID] = r
		}
		for _, f := range files {
			if f.Name != name && path.Base(f.Name) != name {
				continue
			}
			g := generationShown{fileShown: newFileShown(f)}
			if r, ok := receipts[f.Load]; ok {
				g.Table, g.Rows, g.QuarantinedRows, g.QuarantinedCells = r.Table, r.RowsLoaded, r.RowsQuarantined, r.CellsQuarantined
			}
			v.Generations = append(v.Generations, g)
		}
		return nil
	})
	if err == nil && len(v.Generations) == 0 {
		return nil, nameError(fmt.Sprintf("pipeline %s has seen no file %q; see: tapline files list %s --limit 0", pl.Name, name, pl.Name))
	}
	return v, err
}

// fileHistory is the result of files show.
type fileHistory struct {
	Generations []generationShown `json:"generations"`
}

type generationShown struct {
	fileShown
	Table            string `json:"table,omitempty"` // where its rows are
	Rows             int64  `json:"rows"`
	QuarantinedRows  int64  `json:"quarantinedRows"`
	QuarantinedCells int64  `json:"quarantinedCells"`
}

// Text implements view.
func (v *fileHistory) Text(p *printer) {
	for i, g := range v.Generations {
		if i > 0 {
			p.line("")
		}
		p.field("file        ", g.Name)
		p.field("stream      ", g.Stream)
		p.field("generation  ", g.Generation)
		p.field("size        ", count(g.Size)+" bytes")
		if g.Checksum != "" {
			p.field("checksum    ", g.Checksum)
		}
		p.field("updated     ", g.UpdatedAt.UTC().Format(time.RFC3339))
		p.field("first seen  ", g.FirstSeen.UTC().Format(time.RFC3339))
		p.field("state       ", g.State)
		if g.Reason != "" {
			p.field("why         ", g.Reason)
		}
		if g.Table != "" {
			p.field("loaded      ", fmt.Sprintf("%s into %s by run %s", plural(g.Rows, "row"), g.Table, g.Run))
		}
		if g.QuarantinedRows+g.QuarantinedCells > 0 {
			p.field("quarantine  ", held(g.QuarantinedRows, g.QuarantinedCells))
		}
	}
}
