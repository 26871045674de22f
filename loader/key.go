package loader

import (
	"fmt"
	"strings"

	"tapline/warehouse"
)

// setKey gives a load of a mode that tells rows apart by a key the columns of
// the target's key.
//
// A slice without a row has no columns. Those of its key are then the table's;
// and where that has none either, because no row ever came, there is nothing to
// tell apart: the load replaces nothing by nothing.
func (t *task) setKey(load *warehouse.Load, f fit) error {
	empty := len(f.columns) == 0
	key, err := mergeKey(t, f)
	switch {
	case err != nil && empty && len(t.target.Key) > 0:
		load.Mode = warehouse.Replace
		return nil
	case err != nil:
		return err
	}
	load.Key = key
	for i := 0; empty && i < len(key); i++ {
		c, _ := f.keyColumn(key[i])
		load.Columns = append(load.Columns, c)
	}
	return nil
}

// mergeKey translates the target's key to column names.
func mergeKey(t *task, f fit) ([]string, error) {
	if !t.mode().Keyed() {
		return nil, nil
	}
	if len(t.target.Key) == 0 {
		return nil, fmt.Errorf("loader: table %s: mode %s needs a key", t.table, t.mode())
	}
	var key []string
	for _, k := range t.target.Key {
		c, ok := f.keyColumn(k)
		if !ok {
			return nil, fmt.Errorf("loader: table %s: key column %q is in neither the table nor the slice", t.table, k)
		}
		key = append(key, c.Name)
	}
	return key, nil
}

// keyColumn finds a column by its vendor's name or its own: in the slice, else
// in the table.
func (f fit) keyColumn(k string) (warehouse.Column, bool) {
	if c, ok := f.column(k); ok {
		return warehouse.Column{Name: c.name, Type: c.typ, Source: c.source}, true
	}
	for _, c := range f.table.Columns {
		if c.Source == k || strings.EqualFold(c.Name, k) {
			return c, true
		}
	}
	return warehouse.Column{}, false
}
