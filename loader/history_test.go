package loader

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/warehouse"
)

func TestNamesReserved(t *testing.T) {
	columns := warehouse.HistoryColumns()
	got, err := names(nil, []string{"id", "validFrom", "Valid To", "is_current"}, nil, columns...)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"id": "id", "validFrom": suffixed("valid_from", "validFrom"), "Valid To": suffixed("valid_to", "Valid To"),
		"is_current": suffixed("is_current", "is_current")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	// The same with a table that has them already.
	have := append([]warehouse.Column{{Name: "id", Source: "id"}, {Name: want["validFrom"], Source: "validFrom"}}, columns...)
	if got, err = names(have, []string{"validFrom", "is_current"}, nil, columns...); err != nil || got["validFrom"] != want["validFrom"] || got["is_current"] != want["is_current"] {
		t.Errorf("names = %v, %v", got, err)
	}
	for name, f := range map[string]func() (map[string]string, error){
		"renamed to one of them": func() (map[string]string, error) {
			return names(nil, []string{"x"}, map[string]string{"x": "Valid_From"}, columns...)
		},
		"one of the table's": func() (map[string]string, error) {
			return names([]warehouse.Column{{Name: "valid_to", Source: "validTo"}}, []string{"id"}, nil, columns...)
		},
	} {
		if got, err := f(); !errors.Is(err, ErrName) {
			t.Errorf("%s: %v, %v, want ErrName", name, got, err)
		}
	}
}

func TestShapeHistory(t *testing.T) {
	target := Target{Table: "t", Mode: warehouse.History, Key: []string{"id"}}
	task := &task{target: target, table: "t"}
	f, err := shape(task, warehouse.Table{}, false, map[string]exporter.Kinds{"id": exporter.Int, "valid_from": exporter.Date}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range f.table.Columns {
		got = append(got, c.Name)
	}
	want := []string{"id", suffixed("valid_from", "valid_from"), "valid_from", "valid_to", "is_current",
		warehouse.ColSlice, warehouse.ColLoad, warehouse.ColRow, warehouse.ColLoadedAt}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns of the table (-want +got):\n%s", diff)
	}
	if staged := f.staged(); len(staged) != 2 {
		t.Errorf("staged are %v, want the vendor's columns alone", staged)
	}
	key, err := mergeKey(task, f)
	if err != nil || len(key) != 1 || key[0] != "id" {
		t.Errorf("key = %v, %v", key, err)
	}
	// A table of mode merge begins to keep a history.
	f, err = shape(task, warehouse.Table{Name: "t", Columns: append([]warehouse.Column{{Name: "id", Source: "id", Type: f.table.Columns[0].Type}}, systemColumns()...)},
		true, map[string]exporter.Kinds{"id": exporter.Int}, nil)
	if err != nil || len(f.table.Columns) != 8 || len(f.changes) != 1 {
		t.Errorf("columns %v, changes %v, %v", f.table.Columns, f.changes, err)
	}
}
