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

// asked is of how many columns one statement asks: what tells kinds is long.
const asked = 15

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
	if p.Records == 0 {
		return nil
	}
	format, err := w.pullerOf(p.Object)
	if err != nil {
		return err
	}
	if err := format.sift(ctx, p); err != nil {
		return err
	}
	for from := 0; from == 0 || from < len(p.Sieve.Columns); from += asked {
		if err := w.askKinds(ctx, p, from, min(from+asked, len(p.Sieve.Columns))); err != nil {
			return err
		}
	}
	p.Rows += p.Rejected
	return told(*p)
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

// A sifting is what makes the table at placeSift.
type sifting struct {
	columns   []warehouse.Column // tapline's, the fields and the constants
	constants []string           // names of columns and of parameters
	values    params             // of all rows
	functions string             // that the statement needs
}

// siftingOf describes the table of some fields.
func siftingOf(s warehouse.Sieve, fields []string) sifting {
	x := sifting{columns: join(taplineColumns(), textColumns(fields...)), values: params{"slice": s.Slice, "load": s.Load, "read_at": warehouse.Micros(s.ReadAt)}}
	for i, c := range s.Columns {
		if c.Constant {
			name := cellOf(s, i)
			x.constants, x.columns = append(x.constants, name), append(x.columns, textColumns(name)...)
			x.values[name] = bq.NullString{StringVal: c.Text, Valid: !c.Null}
		}
	}
	return x
}

// fillSift makes the table at placeSift by a statement.
func (w *Warehouse) fillSift(ctx context.Context, p *warehouse.Pulled, x sifting, statement string, data map[string]any) error {
	return w.filling(ctx, func() error {
		if err := w.stageOf(ctx, p, placeSift, x.columns); err != nil {
			return err
		}
		data["Into"], data["Constants"] = p.Places[placeSift], x.constants
		sql, err := text(statement, data)
		if err != nil {
			return err
		}
		if x.functions != "" {
			sql = x.functions + ";\n" + sql
		}
		_, _, err = w.run(ctx, sql, x.values.list())
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
	return w.askWith(ctx, p.Object, "pull_kinds", map[string]any{"Stage": p.Places[placeSift], "Columns": columns}, nil, func(r row) error {
		p.Rows = r.int()
		for i := from; i < to; i++ {
			p.Kinds[i] = warehouse.CellKinds(r.int())
		}
		return r.err
	})
}

// functionsOf are the functions that read the cells of an object.
func functionsOf(o warehouse.Object) (string, error) {
	zone := o.Zone
	if zone == "" {
		zone = "UTC"
	}
	forms := make([]string, 9) // of numbers with one digit, with two and so on
	for i := range forms {
		forms[i] = fmt.Sprintf("%%.%de", i)
	}
	names := []string{"pull_functions", "pull_json_functions", "pull_parquet_functions"}
	switch o.Format {
	case formatParquet:
	case formatJSON:
		names = names[:2]
	default:
		names = names[:1]
	}
	for i, name := range names {
		functions, err := text(name, map[string]any{"Zone": zone, "Forms": forms})
		if err != nil {
			return "", err
		}
		names[i] = functions
	}
	return strings.Join(names, ";\n"), nil
}

// withFunctions puts the functions that read cells before a statement.
func withFunctions(o warehouse.Object, sql string) (string, error) {
	functions, err := functionsOf(o)
	return functions + ";\n" + sql, err
}

// askWith is ask with the functions that read cells.
func (w *Warehouse) askWith(ctx context.Context, o warehouse.Object, name string, data any, p params, each func(row) error) error {
	sql, err := text(name, data)
	if err != nil {
		return err
	}
	if sql, err = withFunctions(o, sql); err != nil {
		return err
	}
	return w.read(ctx, sql, p.list(), nil, func(values []bq.Value) error {
		r := row{values: values}
		err := each(r)
		return errors.Join(err, r.err)
	})
}
