package bigquery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// putView makes one of the views again.
func (w *Warehouse) putView(ctx context.Context, name string, data map[string]any) error {
	all := map[string]any{"Project": w.cfg.Project, "Dataset": w.cfg.Dataset}
	maps.Copy(all, data)
	sql, err := text(name, all)
	if err != nil {
		return err
	}
	return w.repeat(ctx, sql, nil)
}

// PutView makes the view v. BigQuery wants the tables in its query named with
// their dataset. Errors: ErrQuery; ErrSchema where there is a table of that
// name.
func (w *Warehouse) PutView(ctx context.Context, v warehouse.View) error {
	if err := w.putUserView(ctx, v); err != nil {
		return fmt.Errorf("bigquery: view %s: %w", v.Name, err)
	}
	return nil
}

func (w *Warehouse) putUserView(ctx context.Context, v warehouse.View) error {
	if warehouse.IsOwn(v.Name) {
		return &warehouse.SchemaError{Table: v.Name, Reason: "names that start with _tapline_ are tapline's own; choose another"}
	}
	if err := w.checkNames(warehouse.Table{Name: v.Name}); err != nil {
		return err
	}
	md, err := w.metadata(ctx, v.Name)
	if err != nil {
		return err
	}
	if md != nil && md.Type != bq.ViewTable {
		return &warehouse.SchemaError{Table: v.Name, Reason: fmt.Sprintf("there is a %s of that name; choose another for the view", strings.ToLower(string(md.Type)))}
	}
	query := strings.TrimRight(strings.TrimSpace(v.Query), "; \n\t")
	// The query alone, before it is part of a statement that writes.
	if _, err := w.selects(ctx, query, nil); err != nil {
		return err
	}
	err = w.putView(ctx, "view_put", map[string]any{"View": v.Name, "About": cut(v.About, mostTableAbout), "Query": query})
	if err != nil && isRefused(err) && !errors.Is(err, warehouse.ErrQuery) {
		err = fmt.Errorf("%w: %w", warehouse.ErrQuery, err)
	}
	return err
}
