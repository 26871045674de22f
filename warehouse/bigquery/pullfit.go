package bigquery

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// A form is which functions of pull_functions read the cells of a column.
type form struct {
	text    string // makes the cell's text of the field
	show    string // that text, canonical
	kind    string
	wrong   string // why the field can be no cell
	raw     string // what such a field said
	times   string // begins the names of those that make days and instants of a text
	derived bool   // another column tells what cannot be read
	blank   bool   // there are cells whose text is empty, which is no value of other columns
}

func formOf(c warehouse.PulledColumn) form {
	f := form{text: "tapline_same", show: "tapline_as_string", kind: "tapline_found_kind", wrong: "tapline_wrong", raw: "tapline_same", times: "tapline_as_"}
	switch c.As {
	case "text":
		f.show, f.kind = "tapline_as_written", "tapline_text_kind"
	case "compact":
		f.text, f.show, f.kind = "tapline_compact", "tapline_same", "tapline_compact_kind"
	case "compact_day":
		f.text, f.show, f.kind, f.derived = "tapline_compact_day", "tapline_same", "tapline_compact_day_kind", true
	case "json", "json_text", "json_name", "json_compact", "json_compact_day":
		return jsonFormOf(c.As)
	}
	if isParquet(c.As) {
		return parquetFormOf(c.As)
	}
	return f
}

// A cell is a column of a pull as the statements need it.
type cell struct {
	Field, Name, Source    string
	Form, Show, Text, Hash string
	Wrong, Raw             string
	Cast                   string // "" = the column may hold none
	Derived, Blank         bool
	spoiled                bool // some cells may have to be put aside
}

// cells pairs the columns with those of the sieve.
func cells(p warehouse.Pulled, columns []warehouse.FitColumn) ([]cell, error) {
	places := make(map[string]int, len(p.Sieve.Columns))
	for i, c := range p.Sieve.Columns {
		places[c.Source] = i
	}
	list := make([]cell, len(columns))
	for i, c := range columns {
		at, ok := places[c.Source]
		if !ok {
			return nil, fmt.Errorf("column %q is not in the object", c.Source)
		}
		from := p.Sieve.Columns[at]
		f := formOf(from)
		x := cell{Field: cellOf(p.Sieve, at), Name: c.Name, Source: c.Source, Form: f.text, Show: f.show, Text: "tapline_same", Hash: "tapline_same", Wrong: f.wrong, Raw: f.raw, Derived: f.derived, Blank: f.blank}
		if from.Hash {
			x.Hash = "tapline_hash"
		}
		kinds := p.Kinds[at]
		if from.Hash && kinds&^warehouse.CellBroken != 0 {
			kinds = kinds&warehouse.CellBroken | warehouse.CellText
		}
		if c.Type != nil && !c.Frozen {
			x.Cast = f.castTo(c.Type)
			if (from.Hash || c.Type.ID() == arrow.STRING) && p.Kinds[at]&(warehouse.CellBool|warehouse.CellTime|warehouse.CellBroken) != 0 {
				x.Text = f.show
			}
		}
		x.spoiled = kinds != 0 && (x.Cast == "" || kinds&^holdable(c.Type) != 0)
		list[i] = x
	}
	return list, nil
}

// castTo is the function that makes a column's value of a text.
func (f form) castTo(t arrow.DataType) string {
	switch t.ID() {
	case arrow.STRING:
		return "tapline_same"
	case arrow.DATE32, arrow.TIMESTAMP:
		return f.times + warehouse.TypeName(t)
	}
	return "tapline_as_" + warehouse.TypeName(t)
}

// holdable are the kinds all of whose cells a column holds.
func holdable(t arrow.DataType) warehouse.CellKinds {
	switch t.ID() {
	case arrow.STRING:
		return ^warehouse.CellBroken
	case arrow.BOOL:
		return warehouse.CellBool
	case arrow.INT64:
		return warehouse.CellBool | warehouse.CellInt | warehouse.CellLong
	case arrow.FLOAT64:
		return warehouse.CellBool | warehouse.CellInt | warehouse.CellFloat
	case arrow.DATE32:
		return warehouse.CellDate
	case arrow.TIMESTAMP:
		return warehouse.CellTime | warehouse.CellDate
	}
	return 0
}

// Fit puts aside, into a staging table with the columns of the quarantine, what
// the columns cannot hold.
func (w *Warehouse) Fit(ctx context.Context, p warehouse.Pulled, columns []warehouse.FitColumn) (warehouse.Pulled, error) {
	p.Columns, p.Cells, p.Bad, p.Causes = columns, 0, 0, nil
	if err := w.fit(ctx, &p); err != nil {
		return p, fmt.Errorf("bigquery: pull %s: %w", p.Object.URL, err)
	}
	return p, nil
}

func (w *Warehouse) fit(ctx context.Context, p *warehouse.Pulled) error {
	all, err := cells(*p, p.Columns)
	if err != nil {
		return err
	}
	var spoiled []cell
	for _, c := range all {
		if c.spoiled {
			spoiled = append(spoiled, c)
		}
	}
	w.dropStages(ctx, named(p.Places[placeAside]))
	delete(p.Places, placeAside)
	if len(spoiled) == 0 && p.Rejected == 0 {
		return nil
	}
	if err := w.filling(ctx, func() error { return w.putAside(ctx, p, spoiled) }); err != nil {
		return err
	}
	return w.ask(ctx, "pull_causes", map[string]any{"Stage": p.Places[placeAside]}, nil, func(r row) error {
		c := warehouse.Cause{Column: r.text(), Reason: r.text(), Count: r.int()}
		p.Bad = r.int()
		p.Causes = append(p.Causes, c)
		if c.Column != "" {
			p.Cells += c.Count
		}
		return r.err
	})
}

// putAside makes the table of what is put aside.
func (w *Warehouse) putAside(ctx context.Context, p *warehouse.Pulled, spoiled []cell) error {
	if err := w.stageOf(ctx, p, placeAside, warehouse.QuarantineColumns()); err != nil {
		return err
	}
	s := p.Sieve
	values := params{"load": s.Load, "slice": s.Slice, "in_table": s.Table, "read_at": warehouse.Micros(s.ReadAt)}
	if p.Rejected > 0 {
		format, err := w.pullerOf(p.Object)
		if err != nil {
			return err
		}
		if err := format.putAside(ctx, p); err != nil {
			return err
		}
	}
	for from := 0; from < len(spoiled); from += asked {
		data := map[string]any{"Into": p.Places[placeAside], "Stage": p.Places[placeSift], "Columns": spoiled[from:min(from+asked, len(spoiled))]}
		sql, err := text("pull_aside_cells", data)
		if err == nil {
			sql, err = withFunctions(p.Object, sql)
		}
		if err != nil {
			return err
		}
		if _, _, err := w.run(ctx, sql, values.list()); err != nil {
			return err
		}
	}
	return nil
}

// addPulled appends the statement that puts what was pulled into a table.
func (s *script) addPulled(table string, p warehouse.Pulled) {
	all, err := cells(p, p.Columns)
	functions, err2 := functionsOf(p.Object)
	s.functions, s.err = functions, errors.Join(s.err, err, err2)
	var kept []cell
	for _, c := range all {
		if c.Cast != "" {
			kept = append(kept, c)
		}
	}
	s.add("pull_insert", map[string]any{"Table": table, "Columns": kept, "Stage": p.Places[placeSift]})
}
