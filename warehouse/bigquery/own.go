package bigquery

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"
	"google.golang.org/api/iterator"

	"tapline/warehouse"
)

// schemaVersion numbers the shape of tapline's own tables. It grows when an
// older tapline could no longer write to them rightly; it is a label of the
// receipts.
const schemaVersion = 1

const labelVersion = "tapline_version"

// known reports whether tapline ever wrote to the dataset, and refuses one of a
// newer tapline.
func (w *Warehouse) known(ctx context.Context) (bool, error) {
	w.mu.Lock()
	own := w.own
	w.mu.Unlock()
	if own {
		return true, ctx.Err()
	}
	md, err := w.metadata(ctx, warehouse.TableReceipts)
	if err != nil || md == nil {
		return false, err
	}
	if version, err := strconv.Atoi(md.Labels[labelVersion]); err == nil && version > schemaVersion {
		return false, fmt.Errorf("%s.%s: was written by a newer tapline (its tables are of version %d, this tapline knows %d); use that one",
			w.cfg.Project, w.cfg.Dataset, version, schemaVersion)
	}
	return true, nil
}

// ready makes tapline's own tables and views where they are not there. Making
// them is no job.
func (w *Warehouse) ready(ctx context.Context) error {
	known, err := w.known(ctx)
	w.mu.Lock()
	own := w.own
	w.mu.Unlock()
	if err != nil || own {
		return err
	}
	if known { // the view is made last
		md, err := w.metadata(ctx, warehouse.ViewRuns)
		if err != nil {
			return err
		}
		known = md != nil
	}
	if !known {
		if err := w.createOwn(ctx); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.own = true
	w.mu.Unlock()
	return nil
}

func (w *Warehouse) createOwn(ctx context.Context) error {
	version := map[string]string{labelVersion: strconv.Itoa(schemaVersion)}
	for _, t := range []struct {
		name, about string
		columns     []warehouse.Column
		cluster     []string
	}{
		{warehouse.TableQuarantine, "Rows and cells that tapline kept aside. An empty column means the whole row.", warehouse.QuarantineColumns(), []string{"load"}},
		{warehouse.TableFiles, "The objects that pipelines have seen, each generation a row, and what became of it.", filesColumns(), []string{"pipeline"}},
		{warehouse.TableReceipts, "The receipts of all loads. Tapline decides by it what is loaded; change nothing here.", receiptColumns(), []string{"table", "slice"}},
	} {
		md := &bq.TableMetadata{
			Description: t.about, Schema: fields(t.columns), Labels: w.labels(version), Clustering: &bq.Clustering{Fields: t.cluster},
		}
		if err := w.createTable(ctx, t.name, md); err != nil && !isDuplicate(err) {
			return err
		}
	}
	for _, name := range []string{"view_loads", "view_freshness", "view_runs"} {
		if err := w.putView(ctx, name, map[string]any{"Tables": []freshTable{}}); err != nil {
			return err
		}
	}
	return nil
}

// own columns, of the types that make a table of tapline's.
func textColumns(names ...string) []warehouse.Column {
	return columnsOfType(arrow.BinaryTypes.String, names)
}

func intColumns(names ...string) []warehouse.Column {
	return columnsOfType(arrow.PrimitiveTypes.Int64, names)
}

func timeColumns(names ...string) []warehouse.Column { return columnsOfType(timestampType(), names) }

func columnsOfType(t arrow.DataType, names []string) []warehouse.Column {
	columns := make([]warehouse.Column, len(names))
	for i, name := range names {
		columns[i] = warehouse.Column{Name: name, Type: t}
	}
	return columns
}

func join(lists ...[]warehouse.Column) []warehouse.Column {
	var all []warehouse.Column
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// receiptColumns are those of TableReceipts. superseded_by names the load of
// the same slice that came after; displaced_by the snapshot of another slice
// that emptied the table of this one. merge_key is a JSON list.
func receiptColumns() []warehouse.Column {
	return join(
		textColumns("id", "pipeline", "table", "stream", "slice", "revision", "run", "mode", "merge_key"),
		columnsOfType(arrow.FixedWidthTypes.Date32, []string{"day"}), timeColumns("read_at", "committed_at"),
		intColumns("rows_read", "rows_loaded", "rows_quarantined", "cells_quarantined", "bytes_read", "rows_purged", "cells_purged"),
		textColumns("superseded_by", "displaced_by"),
	)
}

// filesColumns are those of TableFiles.
func filesColumns() []warehouse.Column {
	return join(
		textColumns("pipeline", "stream", "name", "generation"), intColumns("size"), textColumns("checksum"),
		timeColumns("updated_at", "first_seen"), textColumns("state", "reason", "loaded_by", "load"), timeColumns("changed_at"),
	)
}

// A freshTable is a table as the freshness view sees it.
type freshTable struct {
	Name, Event string
	Filter      *filter
}

// refreshViews makes the views again: a view's columns and tables are those of
// when it was made. Table is one that has changed.
func (w *Warehouse) refreshViews(ctx context.Context, table string) error {
	w.mu.Lock()
	delete(w.fresh, table)
	w.mu.Unlock()
	w.views.Lock()
	defer w.views.Unlock()
	names, err := w.tableNames(ctx)
	if err != nil {
		return err
	}
	var tables []freshTable
	for _, name := range names {
		t, err := w.freshness(ctx, name)
		if err != nil {
			return err
		}
		if t != nil {
			tables = append(tables, *t)
		}
	}
	return w.putView(ctx, "view_freshness", map[string]any{"Tables": tables})
}

func (w *Warehouse) tableNames(ctx context.Context) ([]string, error) {
	var names []string
	err := w.calling(ctx, "bigquery.tables.list", func(ctx context.Context) error {
		names = names[:0]
		for it := w.dataset().Tables(ctx); ; {
			t, err := it.Next()
			if errors.Is(err, iterator.Done) {
				return nil
			}
			if err != nil {
				return err
			}
			if !warehouse.IsOwn(t.TableID) {
				names = append(names, t.TableID)
			}
		}
	})
	return names, err
}

// notOurs marks in Warehouse.fresh a table without rows of tapline.
const notOurs = "-"

// freshness tells how new a table's rows can be told to be; nil for a table
// that is not tapline's. It asks BigQuery once for each table.
func (w *Warehouse) freshness(ctx context.Context, name string) (*freshTable, error) {
	w.mu.Lock()
	event, known := w.fresh[name]
	w.mu.Unlock()
	if !known {
		t, err := w.ours(ctx, name)
		switch {
		case errors.Is(err, warehouse.ErrSchema), err == nil && t == nil:
			event = notOurs
		case err != nil:
			return nil, err
		default:
			event = eventColumn(t)
		}
		w.mu.Lock()
		w.fresh[name] = event
		w.mu.Unlock()
	}
	if event == notOurs {
		return nil, nil
	}
	event, column, filtered := cutEvent(event)
	t := &freshTable{Name: name, Event: event}
	if filtered {
		t.Filter = &filter{column, false}
	}
	return t, nil
}

// eventColumn is ts or event_date, where the table has it, and after a space
// the column that queries have to filter by.
func eventColumn(t *target) string {
	event := ""
	if i, ok := t.index["ts"]; ok && t.columns[i].Type.ID() == arrow.TIMESTAMP {
		event = "ts"
	} else if i, ok := t.index[defaultPartition]; ok && t.columns[i].Type.ID() == arrow.DATE32 {
		event = defaultPartition
	}
	if f := t.filter(false); f != nil {
		return event + " " + f.Column
	}
	return event
}

func cutEvent(event string) (name, column string, filtered bool) { return strings.Cut(event, " ") }
