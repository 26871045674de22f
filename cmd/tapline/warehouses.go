package main

import (
	"io"

	"tapline/warehouse"
)

// inWarehouse opens the warehouse of that name and closes it afterwards.
func (p *project) inWarehouse(name string, do func(warehouse.Warehouse) error) (err error) {
	w, err := p.warehouse(name)
	if err != nil {
		return err
	}
	if c, ok := w.(io.Closer); ok {
		defer func() {
			if closeErr := c.Close(); err == nil {
				err = closeErr
			}
		}()
	}
	return do(w)
}

// eachWarehouse opens the warehouses that pipelines load into, one after the other.
func (p *project) eachWarehouse(do func(name string, w warehouse.Warehouse) error) error {
	seen := map[string]bool{}
	for _, pl := range p.cfg.Pipelines {
		if seen[pl.To] {
			continue
		}
		seen[pl.To] = true
		if err := p.inWarehouse(pl.To, func(w warehouse.Warehouse) error { return do(pl.To, w) }); err != nil {
			return err
		}
	}
	return nil
}
