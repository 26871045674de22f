package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
	"tapline/warehouse/parts"
)

// maxMonths is how many partitions one load makes at most. Rows of other months
// go to the partition for the rest, where they are found as well.
const maxMonths = 240

// partitionOf returns the column by which a new table is partitioned, "" = none.
func (w *Warehouse) partitionOf(t warehouse.Table) string {
	for _, c := range t.Columns {
		if c.Name == t.Partition && w.cfg.Partitioned && (c.Type.ID() == arrow.DATE32 || c.Type.ID() == arrow.TIMESTAMP) {
			return t.Partition
		}
	}
	return ""
}

// partitionName is the name of a partition: that of the table, cut where it is too
// long to be kept whole, and a suffix.
func partitionName(table, suffix string) string {
	name := table + "_" + suffix
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(table))
	tail := fmt.Sprintf("_%x_%s", sum[:4], suffix)
	cut := maxName - len(tail)
	for cut > 0 && !utf8.RuneStart(table[cut]) {
		cut--
	}
	return table[:cut] + tail
}

// divide makes the partitions that a load's rows need, in transactions of their
// own: readers wait for such a change, and must not wait for a whole load. A
// month whose partition cannot be made goes to the partition for the rest.
func (w *Warehouse) divide(ctx context.Context, l warehouse.Load, parts []warehouse.LocalPart) error {
	var rel relation
	var have []column
	var there map[string]bool
	err := w.within(ctx, mode{readOnly: true}, func(t *tx) (err error) {
		if rel, _, err = t.relation(ctx, l.Table); err == nil && rel.partition != "" {
			if have, err = t.columns(ctx, l.Table); err == nil {
				there, err = t.partitions(ctx, l.Table)
			}
		}
		return err
	})
	i := indexOf(have, rel.partition)
	if err != nil || i < 0 || have[i].form != formDate && have[i].form != formStamp {
		return err
	}
	months, err := monthsOf(ctx, parts, rel.partition)
	if err != nil {
		return err
	}
	months = slices.DeleteFunc(months, func(m time.Time) bool { return there[partitionName(l.Table, m.Format("200601"))] })
	if len(months) > maxMonths {
		months = months[len(months)-maxMonths:]
	}
	if len(months) == 0 {
		return nil
	}
	return w.altering(ctx, l.Table, func(t *tx) error {
		for _, m := range months {
			if err := t.makeMonth(ctx, l.Table, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) partitions(ctx context.Context, table string) (map[string]bool, error) {
	there := make(map[string]bool)
	var name string
	err := t.rows(ctx, "partitions", nil, []any{t.w.cfg.Schema, table}, []any{&name}, func() error { there[name] = true; return nil })
	return there, err
}

// makeMonth makes a partition, unless the name is taken, the range is, or rows of
// the month lie elsewhere.
func (t *tx) makeMonth(ctx context.Context, table string, month time.Time) error {
	d := data{
		"Table": table, "Name": partitionName(table, month.Format("200601")),
		"From": month.Format(time.DateOnly), "To": month.AddDate(0, 1, 0).Format(time.DateOnly),
	}
	err := t.try(ctx, func() error { _, err := t.exec(ctx, "create_partition", d); return err })
	if code := state(err); code == "42P07" || code == "42P17" || code == "23514" {
		t.w.cfg.Log.Warn("rows of a month go to the partition for the rest", "table", table, "month", month.Format("2006-01"), "err", said(serverError(err)))
		return nil
	}
	return err
}

// monthsOf lists the months of the values of a column, in UTC and in order. Years
// before 1 and after 9999 are left out: dates are written with four digits.
func monthsOf(ctx context.Context, parts []warehouse.LocalPart, name string) ([]time.Time, error) {
	seen := make(map[int]bool)
	for _, p := range parts {
		if err := days(ctx, p, name, func(day int) { seen[day] = true }); err != nil {
			return nil, err
		}
	}
	months := make(map[time.Time]bool)
	for day := range seen {
		t := time.Unix(int64(day)*86400, 0).UTC()
		if t.Year() >= 1 && t.Year() < 9999 {
			months[time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)] = true
		}
	}
	var list []time.Time
	for m := range months {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b time.Time) int { return strings.Compare(a.Format(time.DateOnly), b.Format(time.DateOnly)) })
	return list, nil
}

// days calls each with the days, counted from 1970 in UTC, of a column of dates
// or times; not once for each row where many are of one day.
func days(ctx context.Context, p warehouse.LocalPart, name string, each func(day int)) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("part %s: %w", p.Name, err)
		}
	}()
	var r parts.Reader
	if err := r.Open(ctx, p.Path, name); err != nil {
		return err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		last := -1 << 62
		for i := range int(rec.NumRows()) {
			if day, ok := dayOf(rec.Column(0), i); ok && day != last {
				last = day
				each(day)
			}
		}
	}
}

func dayOf(a arrow.Array, i int) (int, bool) {
	if a.IsNull(i) {
		return 0, false
	}
	switch a := a.(type) {
	case *array.Date32:
		return int(a.Value(i)), true
	case *array.Timestamp:
		const day = 86400 * 1_000_000
		v := int64(a.Value(i))
		d := v / day
		if v%day < 0 {
			d--
		}
		return int(d), true
	}
	return 0, false
}
