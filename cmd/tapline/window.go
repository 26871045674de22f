package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tapline/exporter"
	"tapline/loader"
)

// windowFlags narrow a pipeline's window: project-local days, --since <= day < --until.
type windowFlags struct {
	since, until dayFlag
}

func (w *windowFlags) add(cmd *cobra.Command) {
	cmd.Flags().Var(&w.since, "since", "the first day, such as 2026-09-01 (in the source's time zone)")
	cmd.Flags().Var(&w.until, "until", "the day after the last one, such as 2026-09-08")
}

func (w *windowFlags) check() error {
	since, until := exporter.Day(w.since), exporter.Day(w.until)
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return usageError{fmt.Errorf("--since %s is not before --until %s, which is the day after the last one", since, until), "tapline run --help"}
	}
	return nil
}

// apply lets the flags win over the configuration.
func (w *windowFlags) apply(cfg *loader.Config) {
	if day := exporter.Day(w.since); !day.IsZero() {
		cfg.Window.Since = day
	}
	if day := exporter.Day(w.until); !day.IsZero() {
		cfg.Window.Until = day
	}
}

// A dayFlag is a flag that takes a day.
type dayFlag exporter.Day

func (d *dayFlag) String() string { return exporter.Day(*d).String() }
func (d *dayFlag) Type() string   { return "day" }
func (d *dayFlag) Set(s string) error {
	day, err := exporter.ParseDay(s)
	*d = dayFlag(day)
	return err
}

// concurrencyFlag adds the flag that wins over the setting of its name.
func concurrencyFlag(cmd *cobra.Command) {
	cmd.Flags().Int("concurrency", 0, "how many slices are read at once (default: as configured)")
}
