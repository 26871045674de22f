package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tapline/warehouse"
)

func newVerify(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify [PIPELINE...]", Short: "Prove that each loaded row is there, once",
		Long: `verify asks the warehouse alone: for each load, are exactly its rows in the table or
in quarantine, each once? It needs neither the source nor the stage.

With --source it asks the source instead, how many records it counts of each
stream and day that is loaded, and says where that differs from the rows read. The
source's counts may be estimates, so that differences up to --tolerance are shown
and are no failure. Exit code 4: there are larger ones.`,
		Example: `  tapline verify
  tapline verify --source --since 2026-09-01 --until 2026-09-08`,
	}
	o := reckoning{tolerance: 0.02}
	var source bool
	cmd.Flags().BoolVar(&source, "source", false, "compare with the source's own counts")
	o.window.add(cmd)
	cmd.Flags().Var(&o.tolerance, "tolerance", "with --source: the share of a difference that is no failure")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		if err := o.check(cmd, source); err != nil {
			return nil, err
		}
		if source {
			return p.verifySource(ctx, args, o)
		}
		pipelines, err := p.selected(args)
		if err != nil {
			return nil, err
		}
		v := &verified{Problems: []problem{}}
		for _, pl := range pipelines {
			if err := p.verify(ctx, v, pl.Name, pl.To); err != nil {
				return nil, err // half a proof is none
			}
		}
		if n := len(v.Problems); n > 0 {
			return v, fmt.Errorf("%w: %s of %d", errVerify, plural(int64(n), "load"), v.Loads)
		}
		return v, nil
	})
	return cmd
}

func (p *project) verify(ctx context.Context, v *verified, pipeline, name string) error {
	return p.inWarehouse(name, func(w warehouse.Warehouse) error {
		verifier, ok := w.(warehouse.Verifier)
		if !ok {
			return fmt.Errorf("warehouse %s cannot verify: %w", name, errAbility)
		}
		for proof, err := range verifier.Verify(ctx, pipeline) {
			if err != nil {
				return err
			}
			v.add(proof)
		}
		return nil
	})
}

// verified is the result of verify.
type verified struct {
	Loads       int64     `json:"loads"`
	Rows        int64     `json:"rows"`
	Quarantined int64     `json:"quarantined"`
	Problems    []problem `json:"problems"`

	quarantined, cells int64 // whole rows, and cells of others
}

type problem struct {
	Table      string `json:"table"`
	Slice      string `json:"slice"`
	Load       string `json:"load"`
	Expected   int64  `json:"expected"`
	Found      int64  `json:"found"`
	Missing    int64  `json:"missing"`
	Duplicated int64  `json:"duplicated"`
	Unexpected int64  `json:"unexpected"`
}

func (v *verified) add(p warehouse.Proof) {
	v.Loads++
	v.Rows += p.Found
	v.Quarantined += p.Quarantine + p.Cells
	v.quarantined += p.Quarantine
	v.cells += p.Cells
	if !p.OK() {
		v.Problems = append(v.Problems, problem{Table: p.Receipt.Table, Slice: p.Receipt.Slice, Load: p.Receipt.ID,
			Expected: p.Receipt.RowsLoaded, Found: p.Found, Missing: p.Missing, Duplicated: p.Duplicated, Unexpected: p.Unexpected})
	}
}

// Text implements view.
func (v *verified) Text(p *printer) {
	if len(v.Problems) == 0 {
		p.line("%s  %s of %s are there, each once; %s", p.paint(green, "ok"),
			plural(v.Rows, "row"), plural(v.Loads, "load"), held(v.quarantined, v.cells))
		return
	}
	t := &table{heads: []string{"table", "slice", ">expected", ">found", ">missing", ">doubled", ">unexpected"}}
	for _, x := range v.Problems {
		t.add(x.Table, x.Slice, count(x.Expected), count(x.Found), count(x.Missing), count(x.Duplicated), count(x.Unexpected))
	}
	p.table(t)
}
