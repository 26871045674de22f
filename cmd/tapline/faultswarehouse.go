//go:build faults

package main

import (
	"context"
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

// faultFiles passes on the list of files, which every warehouse here keeps.
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

// faultyWarehouse keeps the abilities that the flow asks for: publishing, the
// quarantine and the list of files. A warehouse that lacks one of them cannot
// be tested so.
func faultyWarehouse(w warehouse.Warehouse) warehouse.Warehouse {
	p, publishes := w.(warehouse.Publisher)
	q, keeps := w.(warehouse.Quarantine)
	f, lists := w.(warehouse.Files)
	if !publishes || !keeps || !lists {
		return faultWarehouse{w}
	}
	return struct {
		faultWarehouse
		faultPublisher
		warehouse.Quarantine
		faultFiles
	}{faultWarehouse{w}, faultPublisher{p}, q, faultFiles{f}}
}
