package main

import (
	"tapline/config"
	"tapline/exporter/bucket"
)

// checkVia refuses entries that a warehouse is to read itself which is of another
// type than the one that the pipeline loads into.
func (p *project) checkVia(pl config.Pipeline) error {
	from, err := p.connection(pl.From)
	if err != nil {
		return err
	}
	to, err := p.connection(pl.To)
	if err != nil || from.Type != "bucket" {
		return err
	}
	for _, e := range pl.Streams {
		var sel bucket.Selection
		if err := e.Decode(&sel); err != nil {
			return err
		}
		if sel.Via != "" && sel.Via != to.Type {
			return e.Errorf("via", "is %s, and the pipeline loads into %s, which is of type %s; take via: out, or load into a connection of type %s",
				sel.Via, to.Name, to.Type, sel.Via)
		}
	}
	return nil
}
