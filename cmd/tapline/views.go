package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tapline/config"
	"tapline/warehouse"
)

// What became of a view.
const (
	viewDone    = "done"
	viewFailed  = "failed"
	viewSkipped = "skipped" // it stands on one that failed
)

// A viewResult says what became of a view of the configuration.
type viewResult struct {
	Warehouse string `json:"warehouse"`
	View      string `json:"view"`
	Status    string `json:"status"`
	Message   string `json:"message,omitempty"` // why not, in the database's words
}

// A viewsError says which views of a warehouse a run could not make. It unwraps
// to nothing: what is loaded is loaded, and someone should look.
type viewsError struct {
	warehouse string
	failed    []viewFailure
}

type viewFailure struct {
	view string
	err  error
}

func (e *viewsError) Error() string {
	if len(e.failed) == 1 {
		return "view " + e.failed[0].view + ": " + e.failed[0].err.Error()
	}
	return plural(int64(len(e.failed)), "view") + " of " + e.warehouse + " cannot be made"
}

// causes describes each view that failed.
func (e *viewsError) causes(redact func(string) string) []report {
	var list []report
	for _, f := range e.failed {
		one := &viewsError{e.warehouse, []viewFailure{f}}
		c := unplaced(one, redact)
		c.Message, c.Where = redact(f.err.Error()), where{View: f.view}
		list = append(list, c)
	}
	return list
}

// A finishing keeps what is to be done with the warehouses of a run when the
// pipelines have run: views stand on tables of several of them.
type finishing struct {
	order          []string
	publish, views map[string]bool
}

func newFinishing() *finishing {
	return &finishing{publish: map[string]bool{}, views: map[string]bool{}}
}

// add takes note of what became of a pipeline. Views are due when something was
// loaded, and when there was nothing to do: they may be new.
func (f *finishing) add(ctx context.Context, to string, err error, loads int) {
	if !slices.Contains(f.order, to) {
		f.order = append(f.order, to)
	}
	f.publish[to] = f.publish[to] || publishes(ctx, err, loads)
	f.views[to] = f.views[to] || err == nil || loads > 0 || as[lateError](err)
}

// hasViews reports whether the configuration has views of the warehouse. Then
// it is published once at the end of a run, with them.
func (p *project) hasViews(to string) bool {
	return slices.ContainsFunc(p.cfg.Views, func(v config.View) bool { return v.To == to })
}

// finish makes the views of the warehouses that were loaded into, and publishes
// them. A run that was stopped publishes what is loaded and makes no views.
func (p *project) finish(ctx context.Context, f *finishing) ([]viewResult, []error) {
	results, errs := []viewResult{}, []error{}
	for _, to := range f.order {
		if !f.publish[to] || !p.hasViews(to) {
			continue
		}
		err := p.inWarehouse(to, func(w warehouse.Warehouse) error {
			var err error
			if f.views[to] && ctx.Err() == nil {
				var made []viewResult
				made, err = p.putViews(ctx, to, w)
				results = append(results, made...)
			}
			return published(ctx, faultyWarehouse(w), err)
		})
		if err != nil && ctx.Err() != nil {
			err = interruptedError{err}
		}
		errs = append(errs, err)
	}
	return results, errs
}

// putViews puts each view after those that it stands on. One that fails stops
// only those that stand on it; a warehouse that fails stops all.
func (p *project) putViews(ctx context.Context, to string, w warehouse.Warehouse) ([]viewResult, error) {
	viewer, ok := w.(warehouse.Viewer)
	if !ok {
		return nil, fmt.Errorf("connection %s: views: %w by its type of warehouse", to, errAbility)
	}
	var results []viewResult
	failed := &viewsError{warehouse: to}
	missing := map[string]bool{}
	for _, v := range p.cfg.ViewsOf(to) {
		r := viewResult{Warehouse: to, View: v.Name, Status: viewDone}
		if i := slices.IndexFunc(v.Needs, func(name string) bool { return missing[name] }); i >= 0 {
			r.Status, r.Message = viewSkipped, "it stands on "+v.Needs[i]
		} else if err := viewer.PutView(ctx, warehouse.View{Name: v.Name, Query: v.SQL, About: v.About}); err != nil {
			if !ofView(err) || ctx.Err() != nil {
				return results, err
			}
			r.Status, r.Message = viewFailed, p.a.redact(err.Error())
			failed.failed = append(failed.failed, viewFailure{v.Name, err})
		}
		missing[v.Name] = r.Status != viewDone
		results = append(results, r)
	}
	if len(failed.failed) > 0 {
		return results, failed
	}
	return results, nil
}

// ofView reports whether an error is about a view and not about its warehouse.
func ofView(err error) bool {
	return !slices.ContainsFunc([]error{
		warehouse.ErrLocked, warehouse.ErrUnreachable, warehouse.ErrFull, context.Canceled, context.DeadlineExceeded,
	}, func(target error) bool { return errors.Is(err, target) })
}

// viewsText writes a line for each warehouse.
func viewsText(p *printer, views []viewResult) {
	for len(views) > 0 {
		to := views[0].Warehouse
		n := slices.IndexFunc(views, func(v viewResult) bool { return v.Warehouse != to })
		if n < 0 {
			n = len(views)
		}
		var failed, skipped []string
		for _, v := range views[:n] {
			switch v.Status {
			case viewFailed:
				failed = append(failed, v.View)
			case viewSkipped:
				skipped = append(skipped, v.View)
			}
		}
		done := fmt.Sprintf("%s: %s of %d up to date", to, count(int64(n-len(failed)-len(skipped))), n)
		if len(failed)+len(skipped) == 0 {
			done = fmt.Sprintf("%s: %s up to date", to, plural(int64(n), "view"))
		}
		p.line("%s%s%s", done, prefixed("; failed: ", strings.Join(failed, ", ")),
			prefixed("; skipped with them: ", strings.Join(skipped, ", ")))
		views = views[n:]
	}
}
