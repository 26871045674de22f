package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newDemo(a *app) *cobra.Command {
	return &cobra.Command{Use: "demo [DIR]", Args: cobra.MaximumNArgs(1), RunE: a.does(func(context.Context, []string) (view, error) { return nil, nil })}
}
