package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
	"tapline/warehouse/parts"
)

// mostPartitions is how many partitions one load makes at most. Rows of older
// times go to the partition for the rest, where they are found as well.
const mostPartitions = 240

// A Unit is how long a time the rows of one partition are of.
type Unit string

// The units.
const (
	Day   Unit = "day"
	Month Unit = "month"
	Year  Unit = "year"
)

func units() []Unit { return []Unit{Day, Month, Year} }

// start is when the unit begins that a day is in.
func (u Unit) start(day time.Time) time.Time {
	switch u {
	case Day:
		return day
	case Year:
		return time.Date(day.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// end is when a unit ends that starts then.
func (u Unit) end(start time.Time) time.Time {
	switch u {
	case Day:
		return start.AddDate(0, 0, 1)
	case Year:
		return start.AddDate(1, 0, 0)
	}
	return start.AddDate(0, 1, 0)
}

// suffix is what the name of the partition ends with that starts then.
func (u Unit) suffix(start time.Time) string {
	return start.Format(u.layout())
}

func (u Unit) layout() string {
	switch u {
	case Day:
		return "20060102"
	case Year:
		return "2006"
	}
	return "200601"
}

// unitOf is the unit of a table, as the names of its partitions tell it, which a
// change of the configuration does not change; of one that has none, the
// configured one.
func (w *Warehouse) unitOf(table string, there map[string]bool) Unit {
	for _, u := range units() {
		for name := range there {
			cut := len(name) - len(u.layout())
			if cut < 0 || partitionName(table, name[cut:]) != name {
				continue
			}
			if _, err := time.Parse(u.layout(), name[cut:]); err == nil {
				return u
			}
		}
	}
	return cmp.Or(w.cfg.Partition, Month)
}

// partitionOf returns the column by which a new table is partitioned, "" = none.
func (w *Warehouse) partitionOf(t warehouse.Table) string {
	for _, c := range t.Columns {
		if c.Name == t.Partition && w.cfg.Partition != "" && (c.Type.ID() == arrow.DATE32 || c.Type.ID() == arrow.TIMESTAMP) {
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
// own: readers wait for such a change, and must not wait for a whole load. What
// has a partition that cannot be made goes to the partition for the rest.
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
	u := w.unitOf(l.Table, there)
	starts, err := startsOf(ctx, parts, rel.partition, u)
	if err != nil {
		return err
	}
	starts = slices.DeleteFunc(starts, func(s time.Time) bool { return there[partitionName(l.Table, u.suffix(s))] })
	if len(starts) > mostPartitions {
		starts = starts[len(starts)-mostPartitions:]
	}
	if len(starts) == 0 {
		return nil
	}
	return w.altering(ctx, l.Table, func(t *tx) error {
		for _, s := range starts {
			if err := t.makePartition(ctx, l.Table, u, s); err != nil {
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

// makePartition makes a partition, unless the name is taken, the range is, or rows
// of its time lie elsewhere.
func (t *tx) makePartition(ctx context.Context, table string, u Unit, start time.Time) error {
	name := partitionName(table, u.suffix(start))
	d := data{"Table": table, "Name": name, "From": start.Format(time.DateOnly), "To": u.end(start).Format(time.DateOnly)}
	err := t.try(ctx, func() error { _, err := t.exec(ctx, "create_partition", d); return err })
	if code := state(err); code == "42P07" || code == "42P17" || code == "23514" {
		t.w.cfg.Log.Warn("rows go to the partition for the rest", "table", table, "partition", name, "err", said(serverError(err)))
		return nil
	}
	return err
}

// startsOf lists when the units begin that a column has values in, in UTC and in
// order. Years before 1 and after 9998 are left out: dates are written with four
// digits.
func startsOf(ctx context.Context, parts []warehouse.LocalPart, name string, u Unit) ([]time.Time, error) {
	seen := make(map[int]bool)
	for _, p := range parts {
		if err := days(ctx, p, name, func(day int) { seen[day] = true }); err != nil {
			return nil, err
		}
	}
	starts := make(map[time.Time]bool)
	for day := range seen {
		t := time.Unix(int64(day)*86400, 0).UTC()
		if t.Year() >= 1 && t.Year() < 9999 {
			starts[u.start(t)] = true
		}
	}
	return slices.SortedFunc(maps.Keys(starts), time.Time.Compare), nil
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
