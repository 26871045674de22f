package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/clevertap"
	"tapline/exporter/format"
	"tapline/objstore"
	"tapline/warehouse"
)

// sources is the registry of what can be read: one line a kind.
func sources() map[string]sourceKind {
	return map[string]sourceKind{
		"bucket":    {bucket.Config{}, bucket.Selection{}, true, openBucket},
		"clevertap": {clevertap.Config{}, clevertap.Selection{}, false, openCleverTap},
	}
}

// warehouses is the registry of what can be loaded into: one line a kind.
func warehouses() map[string]warehouseKind {
	return map[string]warehouseKind{
		"bigquery": {bigquerySection{}, openBigQuery, placeOfBigQuery, bigqueryTypes(), true},
		"duckdb":   duckdbKind(),
		"postgres": {postgresSection{}, openPostgres, placeOfPostgres, postgresTypes(), false},
	}
}

// A sourceKind says how a connection of its type becomes a source.
type sourceKind struct {
	section, stream any  // the structs of its keys
	objects         bool // its slices are objects, which can be late
	open            func(config.Connection, []config.StreamEntry, sourceOptions) (exporter.Source, error)
}

// A warehouseKind says how a connection of its type becomes a warehouse.
type warehouseKind struct {
	section any
	open    func(config.Connection, warehouseOptions) (warehouse.Warehouse, error)
	// place tells where its tables are, for other tools: the database or
	// project, "" = not known, and the schema or data set.
	place  func(config.Connection) (database, schema string, err error)
	types  map[string]string // by warehouse.TypeName, its own words
	google bool              // views are written in GoogleSQL
}

// typeName is the warehouse's own word for a column's type.
func (k warehouseKind) typeName(c warehouse.Column) string {
	switch {
	case c.Native != "":
		return c.Native
	case !warehouse.Storable(c.Type):
		return strings.ToLower(c.Type.String())
	}
	return k.types[warehouse.TypeName(c.Type)]
}

type sourceOptions struct {
	ctx        context.Context // of the command: clients are made with it
	log        *slog.Logger
	batchRows  int   // 0 = the kind's own
	batchBytes int64 // likewise
	common     common
	// query yields the texts of the first column of SQL that the pipeline's
	// warehouse answers; nil where there is no pipeline.
	query func(ctx context.Context, sql string) iter.Seq2[string, error]
}

type warehouseOptions struct {
	log      *slog.Logger
	settings config.Settings
}

// kinds tells config what keys each kind takes.
func kinds() config.Kinds {
	all := config.Kinds{}
	for name, k := range sources() {
		all[name] = config.Kind{Connection: k.section, Stream: k.stream}
	}
	for name, k := range warehouses() {
		all[name] = config.Kind{Connection: k.section, GoogleSQL: k.google}
	}
	return all
}

// common is what all sources have in common: an account's limit on calls holds
// for all pipelines together, in all processes that have one state.
type common struct {
	clevertap *clevertap.Gates
}

func newCommon(cfg *config.Config, log *slog.Logger) common {
	beside := cfg.Settings.State
	if strings.Contains(beside, "://") { // no place on this machine
		beside = filepath.Join(filepath.Dir(cfg.Path), ".tapline", "state.db")
	}
	return common{clevertap: clevertap.SharedGates(filepath.Join(filepath.Dir(beside), "slots"), log)}
}

func openCleverTap(c config.Connection, entries []config.StreamEntry, o sourceOptions) (exporter.Source, error) {
	var cfg clevertap.Config
	if err := c.Decode(&cfg); err != nil {
		return nil, err
	}
	sel, err := decodeAll[clevertap.Selection](entries)
	if err != nil {
		return nil, err
	}
	s, err := clevertap.New(cfg, sel, clevertap.Options{
		Log: o.log, Gates: o.common.clevertap, BatchRows: o.batchRows, BatchBytes: o.batchBytes,
		Mem: format.NewPool(o.batchBytes), Query: o.query, Retry: faultyRetry(),
	})
	if err != nil {
		return nil, c.Errorf("", "%v", err)
	}
	return s, nil
}

func openBucket(c config.Connection, entries []config.StreamEntry, o sourceOptions) (exporter.Source, error) {
	var cfg bucket.Config
	if err := c.Decode(&cfg); err != nil {
		return nil, err
	}
	sel, err := decodeAll[bucket.Selection](entries)
	if err != nil {
		return nil, err
	}
	options := bucket.Options{
		Log: o.log, BatchRows: o.batchRows, BatchBytes: o.batchBytes, Mem: format.NewPool(o.batchBytes),
	}
	// What is wrong in the file is said before the place is looked at.
	if _, err := bucket.New(cfg, sel, options); err != nil {
		return nil, c.Errorf("", "%v", err)
	}
	store, err := objstore.Open(o.ctx, cfg.Objects())
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", c.Name, err)
	}
	options.Store = store
	s, err := bucket.New(cfg, sel, options)
	return openedBucket{s, store}, err
}

// An openedBucket closes its store with it.
type openedBucket struct {
	*bucket.Source
	io.Closer
}

// decodeAll decodes the kind's own keys of each entry.
func decodeAll[T any](entries []config.StreamEntry) ([]T, error) {
	all := make([]T, len(entries))
	var errs []error
	for i, e := range entries {
		errs = append(errs, e.Decode(&all[i]))
	}
	return all, config.Join(errs...)
}

func findKind[K any](registry map[string]K, c config.Connection, role string) (K, error) {
	k, ok := registry[c.Type]
	if !ok {
		return k, fmt.Errorf("connection %s: type %s for %s: %w; there are %s",
			c.Name, c.Type, role, errKind, strings.Join(slices.Sorted(maps.Keys(registry)), ", "))
	}
	return k, nil
}
