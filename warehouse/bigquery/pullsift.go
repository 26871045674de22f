package bigquery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

const (
	// asked is of how many columns one statement asks: what tells kinds is long.
	asked = 15
	// spread is how many fields tell records apart well enough.
	spread = 8
	// separator stands between fields that are compared as one text.
	separator = "\x1f"
)

// Sift makes a table of the records that have all fields, with their places,
// and asks of which kinds their cells are.
func (w *Warehouse) Sift(ctx context.Context, p warehouse.Pulled, s warehouse.Sieve) (warehouse.Pulled, error) {
	p.Sieve = s
	if err := w.sift(ctx, &p); err != nil {
		return p, fmt.Errorf("bigquery: pull %s: %w", p.Object.URL, err)
	}
	return p, nil
}

func (w *Warehouse) sift(ctx context.Context, p *warehouse.Pulled) error {
	p.Kinds = make([]warehouse.CellKinds, len(p.Sieve.Columns))
	if p.First == nil {
		return nil
	}
	if p.Sieve.Width < 1 || p.Sieve.Width > p.Fields {
		return fmt.Errorf("records cannot be of %d fields where %d were looked for", p.Sieve.Width, p.Fields)
	}
	var err error
	if p.Rejected, err = w.number(ctx, "pull_count", recordsOf(*p), params{"head": header(*p)}); err != nil {
		return err
	}
	if err := w.givePlaces(ctx, p); err != nil {
		return err
	}
	for from := 0; from == 0 || from < len(p.Sieve.Columns); from += asked {
		if err := w.askKinds(ctx, p, from, min(from+asked, len(p.Sieve.Columns))); err != nil {
			return err
		}
	}
	p.Rows += p.Rejected
	return nil
}

// recordsOf is what statements need to tell which records are rows.
func recordsOf(p warehouse.Pulled) map[string]any {
	stage := p.Places[placeAll]
	if p.Object.Header {
		stage = p.Places[placeRest]
	}
	names, n := fieldNames(p.Fields), p.Sieve.Width
	data := map[string]any{"Stage": stage, "All": names, "Fields": names[:n], "Last": names[n-1], "Beyond": "", "Second": ""}
	if n < p.Fields {
		data["Beyond"] = names[n]
	}
	if p.Fields > 1 {
		data["Second"] = names[1]
	}
	return data
}

// header is the text of the first record, where that is one of names.
func header(p warehouse.Pulled) string {
	if !p.Object.Header {
		return ""
	}
	return strings.Join(p.First, separator)
}

// stageOf makes a staging table of the place, in place of an older one.
func (w *Warehouse) stageOf(ctx context.Context, p *warehouse.Pulled, place string, columns []warehouse.Column) error {
	w.dropStages(ctx, named(p.Places[place]))
	p.Places[place] = fresh(stagePrefix)
	err := w.createTable(ctx, p.Places[place], &bq.TableMetadata{Schema: fields(columns), Labels: w.labels(nil), ExpirationTime: time.Now().Add(stageLife)})
	if isDuplicate(err) {
		return nil
	}
	return err
}

// filling does what fills a staging table until it has gone well once. What a
// job left of which nothing was heard is not known, so make begins anew.
func (w *Warehouse) filling(ctx context.Context, fill func() error) error {
	var pace pacing
	for try := 1; ; try++ {
		err := fill()
		if err == nil || ctx.Err() != nil || try == stageTries || !isPassing(err) && !errors.Is(err, errGone) {
			return err
		}
		if err := pace.pause(ctx, w); err != nil {
			return err
		}
	}
}

// givePlaces makes the table of rows.
func (w *Warehouse) givePlaces(ctx context.Context, p *warehouse.Pulled) error {
	nulls := p.Object.Null
	if nulls == nil {
		nulls = []string{}
	}
	values := params{"head": header(*p), "nulls": nulls, "slice": p.Sieve.Slice, "load": p.Sieve.Load, "read_at": warehouse.Micros(p.Sieve.ReadAt)}
	columns := join(taplineColumns(), textColumns(fieldNames(p.Sieve.Width)...))
	var constants []string
	for i, c := range p.Sieve.Columns {
		if c.Constant {
			name := cellOf(p.Sieve, i)
			constants, columns = append(constants, name), append(columns, textColumns(name)...)
			values[name] = bq.NullString{StringVal: c.Text, Valid: !c.Null}
		}
	}
	return w.filling(ctx, func() error {
		if err := w.stageOf(ctx, p, placeSift, columns); err != nil {
			return err
		}
		data := recordsOf(*p)
		data["Into"], data["Constants"], data["Some"] = p.Places[placeSift], constants, fieldNames(min(spread, p.Sieve.Width))
		sql, err := text("pull_sift", data)
		if err != nil {
			return err
		}
		_, _, err = w.run(ctx, sql, values.list())
		return err
	})
}

// cellOf is the staging table's column that a column of the sieve is made of.
func cellOf(s warehouse.Sieve, i int) string {
	if s.Columns[i].Constant {
		return fmt.Sprintf("x%d", i+1)
	}
	return fieldName(s.Columns[i].Field)
}

// askKinds asks of which kinds some columns are.
func (w *Warehouse) askKinds(ctx context.Context, p *warehouse.Pulled, from, to int) error {
	type column struct{ Field, Kind string }
	var columns []column
	for i := from; i < to; i++ {
		columns = append(columns, column{cellOf(p.Sieve, i), formOf(p.Sieve.Columns[i]).kind})
	}
	return w.askWith(ctx, p.Object.Zone, "pull_kinds", map[string]any{"Stage": p.Places[placeSift], "Columns": columns}, nil, func(r row) error {
		p.Rows = r.int()
		for i := from; i < to; i++ {
			p.Kinds[i] = warehouse.CellKinds(r.int())
		}
		return r.err
	})
}

// functionsOf are the functions that read cells, with local times of a zone.
func functionsOf(zone string) (string, error) {
	if zone == "" {
		zone = "UTC"
	}
	return text("pull_functions", map[string]any{"Zone": zone})
}

// withFunctions puts the functions that read cells before a statement.
func withFunctions(zone, sql string) (string, error) {
	functions, err := functionsOf(zone)
	return functions + ";\n" + sql, err
}

// askWith is ask with the functions that read cells.
func (w *Warehouse) askWith(ctx context.Context, zone, name string, data any, p params, each func(row) error) error {
	sql, err := text(name, data)
	if err != nil {
		return err
	}
	if sql, err = withFunctions(zone, sql); err != nil {
		return err
	}
	return w.read(ctx, sql, p.list(), nil, func(values []bq.Value) error {
		r := row{values: values}
		err := each(r)
		return errors.Join(err, r.err)
	})
}
