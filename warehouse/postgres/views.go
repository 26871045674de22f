package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	taplinesql "tapline/sql"
	"tapline/warehouse"
)

// A view is a view as the catalogue has it, so that it can be made again.
type view struct {
	Schema, Name string
	query, about string
	grants       string // statements, U+001E between them
}

// PutView makes the view v. Where its columns changed, it is dropped and made
// again in the same transaction, with the rights that others had to it; views
// that stand on it are made again too, or dropped where they no longer run. What
// is no view and stands on it, such as a materialized view, keeps it: a
// *warehouse.SchemaError.
func (w *Warehouse) PutView(ctx context.Context, v warehouse.View) error {
	v.Query = strings.TrimRight(strings.TrimSpace(v.Query), "; \t\r\n")
	err := checkName(v.Name)
	if err == nil && warehouse.IsOwn(v.Name) {
		err = errors.New("names that start with _tapline_ are tapline's own; choose another")
	}
	if err != nil {
		err = &warehouse.SchemaError{Table: v.Name, Reason: err.Error()}
	} else {
		err = w.putView(ctx, v)
	}
	if err != nil {
		return fmt.Errorf("postgres: view %s: %w", v.Name, err)
	}
	return nil
}

func (w *Warehouse) putView(ctx context.Context, v warehouse.View) error {
	done, err := w.turns.wait(ctx, v.Name)
	if err != nil {
		return err
	}
	defer done()
	if err := w.prepare(ctx); err != nil {
		return err
	}
	err = w.within(ctx, mode{path: w.userPath()}, func(t *tx) error {
		if err := t.lock(ctx, v.Name); err != nil {
			return err
		}
		rel, found, err := t.relation(ctx, v.Name)
		if err != nil {
			return err
		}
		if found && rel.kind != "v" {
			return &warehouse.SchemaError{Table: v.Name, Reason: "a table has that name; choose another for the view"}
		}
		return t.putView(ctx, v, found)
	})
	return w.holding(ctx, v.Name, err)
}

func (t *tx) putView(ctx context.Context, v warehouse.View, there bool) error {
	d := data{"View": v.Name, "Query": v.Query}
	err := t.try(ctx, func() error { _, err := t.exec(ctx, "view_make", d); return err })
	if state(err) == "42P16" && there { // columns are gone or changed
		err = t.replaceView(ctx, v, d)
	}
	if err != nil {
		return t.w.refusedView(ctx, err)
	}
	_, err = t.exec(ctx, "comment_view", data{"View": v.Name, "About": v.About})
	return err
}

// replaceView drops the view and those on it, and makes them again.
func (t *tx) replaceView(ctx context.Context, v warehouse.View, d data) error {
	var grants string
	if err := t.row(ctx, "grants", nil, []any{t.w.cfg.Schema, v.Name}, &grants); err != nil {
		return err
	}
	above, err := t.dependants(ctx, v.Name)
	if err != nil {
		return err
	}
	if err := t.dropViews(ctx, append([]view{{Schema: t.w.cfg.Schema, Name: v.Name}}, above...)); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "view_make", d); err != nil {
		return err
	}
	if err := t.grant(ctx, grants); err != nil {
		return err
	}
	for _, a := range above {
		if err := t.try(ctx, func() error { return t.makeAgain(ctx, a) }); err != nil {
			if serverError(err) == nil {
				return err
			}
			t.w.cfg.Log.Warn("a view that stood on another was dropped", "view", a.Name, "on", v.Name, "err", said(serverError(err)))
		}
	}
	return nil
}

// userPath is where a user's SQL looks names up.
func (w *Warehouse) userPath() string {
	if w.cfg.Schema == "public" {
		return "public"
	}
	return taplinesql.Quote(dialect, w.cfg.Schema) + ", public"
}

// refusedView says of an error whether the query is to blame.
func (w *Warehouse) refusedView(ctx context.Context, err error) error {
	e := serverError(err)
	if e == nil || isExplained(err) {
		return err
	}
	switch code := e.Code; {
	case code == "2BP01":
		return &warehouse.SchemaError{Reason: "something other than a view stands on it; drop that first: " + e.Detail}
	case prefix(code, 2) == "42" && code != "42501", prefix(code, 2) == "22", prefix(code, 2) == "0A":
		return fmt.Errorf("%w: %s", warehouse.ErrQuery, said(e))
	}
	return err
}

// dependants lists the views that stand on a relation, each after those it
// stands on.
func (t *tx) dependants(ctx context.Context, name string) ([]view, error) {
	var all []view
	var v view
	err := t.rows(ctx, "dependants", nil, []any{t.w.cfg.Schema, name}, []any{&v.Schema, &v.Name, &v.query, &v.about, &v.grants}, func() error {
		all = append(all, v)
		return nil
	})
	return all, err
}

func (t *tx) dropViews(ctx context.Context, views []view) error {
	if len(views) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "views_drop", data{"Views": views})
	return err
}

// takeViews drops the views that stand on a table and returns them.
func (t *tx) takeViews(ctx context.Context, table string) ([]view, error) {
	views, err := t.dependants(ctx, table)
	if err == nil {
		err = t.dropViews(ctx, views)
	}
	if state(err) == "2BP01" {
		err = &warehouse.SchemaError{Table: table, Reason: "a column has to become float64, and something other than a view stands on one that does; drop that first: " + serverError(err).Detail}
	}
	return views, err
}

// makeAgain makes a view that was dropped, with its description and rights.
func (t *tx) makeAgain(ctx context.Context, v view) error {
	query := strings.TrimRight(strings.TrimSpace(v.query), ";")
	if _, err := t.exec(ctx, "view_make", data{"Schema": v.Schema, "View": v.Name, "Query": query}); err != nil {
		return err
	}
	if v.about != "" {
		if _, err := t.exec(ctx, "comment_view", data{"Schema": v.Schema, "View": v.Name, "About": v.about}); err != nil {
			return err
		}
	}
	return t.grant(ctx, v.grants)
}

// grant runs statements that the catalogue wrote.
func (t *tx) grant(ctx context.Context, statements string) error {
	for grant := range strings.SplitSeq(statements, "\x1e") {
		if grant == "" {
			continue
		}
		if _, err := t.exec(ctx, "grant", data{"Grant": grant}); err != nil {
			return err
		}
	}
	return nil
}
