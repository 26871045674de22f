//go:build faults

package main

import (
	"context"
	"fmt"
	"iter"

	"tapline/warehouse"
)

type faultWarehouse struct{ warehouse.Warehouse }

func (w faultWarehouse) Load(ctx context.Context, l warehouse.Load) (r warehouse.Receipt, err error) {
	err = injector.around("load", l.Slice, func() error {
		r, err = w.Warehouse.Load(ctx, l)
		return err
	})
	return r, err
}

func (w faultWarehouse) Ensure(ctx context.Context, t warehouse.Table) error {
	return injector.around("ensure", t.Name, func() error { return w.Warehouse.Ensure(ctx, t) })
}

// faultFiles passes on the list of files.
type faultFiles struct{ list warehouse.Files }

func (f faultFiles) PutFiles(ctx context.Context, files []warehouse.File) error {
	return injector.around("files", "", func() error { return f.list.PutFiles(ctx, files) })
}

func (f faultFiles) Files(ctx context.Context, pipeline string) iter.Seq2[warehouse.File, error] {
	return f.list.Files(ctx, pipeline)
}

type faultPublisher struct{ warehouse.Publisher }

func (p faultPublisher) Publish(ctx context.Context) error {
	return injector.around("publish", "", func() error { return p.Publisher.Publish(ctx) })
}

type faultViewer struct{ warehouse.Viewer }

func (v faultViewer) PutView(ctx context.Context, view warehouse.View) error {
	return injector.around("view", view.Name, func() error { return v.Viewer.PutView(ctx, view) })
}

type faultPuller struct{ warehouse.Puller }

func (p faultPuller) Pull(ctx context.Context, o warehouse.Object) (got warehouse.Pulled, err error) {
	err = injector.around("pull", o.URL, func() error {
		got, err = p.Puller.Pull(ctx, o)
		return err
	})
	return got, err
}

func (p faultPuller) Sift(ctx context.Context, from warehouse.Pulled, s warehouse.Sieve) (got warehouse.Pulled, err error) {
	err = injector.around("sift", s.Slice, func() error {
		got, err = p.Puller.Sift(ctx, from, s)
		return err
	})
	return got, err
}

func (p faultPuller) Fit(ctx context.Context, from warehouse.Pulled, columns []warehouse.FitColumn) (got warehouse.Pulled, err error) {
	err = injector.around("fit", from.Sieve.Slice, func() error {
		got, err = p.Puller.Fit(ctx, from, columns)
		return err
	})
	return got, err
}

// faultBatcher passes on loads that are made together.
type faultBatcher struct{ batcher warehouse.Batcher }

func (b faultBatcher) LoadAll(ctx context.Context, loads []warehouse.Load) []warehouse.Outcome {
	outcomes := make([]warehouse.Outcome, len(loads))
	err := injector.around("loads", fmt.Sprint(len(loads)), func() error {
		outcomes = b.batcher.LoadAll(ctx, loads)
		return nil
	})
	for i := range outcomes {
		if err != nil { // as when an answer gets lost
			outcomes[i] = warehouse.Outcome{Err: err}
		}
	}
	return outcomes
}

// An ableWarehouse has what every kind of warehouse here can do.
type ableWarehouse interface {
	warehouse.Warehouse
	warehouse.Quarantine
	warehouse.Querier
	warehouse.Verifier
	warehouse.Checker
	warehouse.Files
}

type faultAbilities struct {
	faultWarehouse
	warehouse.Quarantine
	warehouse.Querier
	warehouse.Verifier
	warehouse.Checker
	faultFiles
}

// faultyWarehouse keeps every ability of w. Publishing and views are what kinds
// differ in: a struct has its methods or has not, so there is one for each case.
// A warehouse that lacks another ability stays as it is, without faults.
func faultyWarehouse(w warehouse.Warehouse) warehouse.Warehouse {
	able, ok := w.(ableWarehouse)
	if !ok {
		return w
	}
	all := faultAbilities{faultWarehouse{w}, able, able, able, able, faultFiles{able}}
	p, publishes := w.(warehouse.Publisher)
	v, views := w.(warehouse.Viewer)
	r, pulls := w.(warehouse.Puller)
	b, batches := w.(warehouse.Batcher)
	switch {
	case pulls && batches && views && !publishes:
		return struct {
			faultAbilities
			faultViewer
			faultPuller
			faultBatcher
		}{all, faultViewer{v}, faultPuller{r}, faultBatcher{b}}
	case publishes && views:
		return struct {
			faultAbilities
			faultPublisher
			faultViewer
		}{all, faultPublisher{p}, faultViewer{v}}
	case publishes:
		return struct {
			faultAbilities
			faultPublisher
		}{all, faultPublisher{p}}
	case views:
		return struct {
			faultAbilities
			faultViewer
		}{all, faultViewer{v}}
	}
	return all
}
