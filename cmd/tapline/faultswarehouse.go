//go:build faults

package main

import (
	"context"

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

type faultPublisher struct{ warehouse.Publisher }

func (p faultPublisher) Publish(ctx context.Context) error {
	return injector.around("publish", "", func() error { return p.Publisher.Publish(ctx) })
}

// faultyWarehouse keeps the abilities that the flow asks for: publishing and
// the quarantine.
func faultyWarehouse(w warehouse.Warehouse) warehouse.Warehouse {
	inner := faultWarehouse{w}
	p, publishes := w.(warehouse.Publisher)
	q, keeps := w.(warehouse.Quarantine)
	switch {
	case publishes && keeps:
		return struct {
			faultWarehouse
			faultPublisher
			warehouse.Quarantine
		}{inner, faultPublisher{p}, q}
	case publishes:
		return struct {
			faultWarehouse
			faultPublisher
		}{inner, faultPublisher{p}}
	case keeps:
		return struct {
			faultWarehouse
			warehouse.Quarantine
		}{inner, q}
	}
	return inner
}
