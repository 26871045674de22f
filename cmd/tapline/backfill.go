package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tapline/exporter"
)

func newBackfill(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "backfill PIPELINE --since DAY --until DAY", Short: "Read days again and replace what is loaded of them",
		Example: "  tapline backfill orders --since 2026-09-01 --until 2026-09-08",
		Args:    cobra.ExactArgs(1),
	}
	var when windowFlags
	when.add(cmd)
	concurrencyFlag(cmd)
	wait := cmd.Flags().Duration("wait-lock", 0, "how long to wait for another run of the pipeline, such as 10m")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		if exporter.Day(when.since).IsZero() || exporter.Day(when.until).IsZero() {
			return nil, usageError{fmt.Errorf("backfill needs --since and --until"), cmd.CommandPath() + " --help"}
		}
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		return p.run(ctx, args, runOptions{command: "backfill", window: when, wait: *wait, reread: true})
	})
	return cmd
}
