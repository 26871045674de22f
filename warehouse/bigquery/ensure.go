package bigquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// defaultPartition is the column that partitions a table which names none.
const defaultPartition = "event_date"

// mostCluster is how many columns may cluster a table.
const mostCluster = 4

// Ensure makes the table able to hold t's columns. What it refuses it refuses
// before it changes anything. A float64 column can hold int64 ones, and a NUMERIC
// one these, float64 and text: Load checks each value. No column becomes NUMERIC
// here, for the types are those of all warehouses, which hold the same rows. The
// vendor's names are kept as descriptions where there is none yet.
//
// A new table is partitioned by day: by t.Partition, a DATE column of the
// table, or else by event_date where the table has that, or else by when rows
// are loaded. It is clustered by t.Cluster, or else by _tapline_slice, so that
// replacing a slice reads little.
func (w *Warehouse) Ensure(ctx context.Context, t warehouse.Table) error {
	err := t.Check()
	if err == nil {
		err = w.checkNames(t)
	}
	if err == nil {
		err = w.ensure(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("bigquery: ensure %s: %w", t.Name, err)
	}
	return nil
}

func (w *Warehouse) ensure(ctx context.Context, t warehouse.Table) error {
	if err := w.ready(ctx); err != nil {
		return err
	}
	for try := 1; ; try++ {
		have, err := w.ours(ctx, t.Name)
		if err != nil {
			return err
		}
		if have == nil {
			err = w.create(ctx, t)
		} else {
			err = w.alter(ctx, t, have)
		}
		// Another process may create or alter the table at the same time.
		if _, status := reasonOf(err); try < mostTries && (isDuplicate(err) || status == http.StatusPreconditionFailed) {
			continue
		}
		return err
	}
}

func (w *Warehouse) create(ctx context.Context, t warehouse.Table) error {
	for _, own := range taplineColumns() {
		i := slices.IndexFunc(t.Columns, func(c warehouse.Column) bool { return c.Name == own.Name })
		if i < 0 || !sameType(t.Columns[i].Type, own.Type) {
			return &warehouse.SchemaError{Table: t.Name, Column: own.Name, Reason: "every table has this column, of type " + warehouse.TypeName(own.Type)}
		}
	}
	partition, err := partitionOf(t)
	if err != nil {
		return err
	}
	md := &bq.TableMetadata{
		Description: cut(t.About, mostTableAbout), Schema: fields(t.Columns), Labels: w.labels(nil),
		RequirePartitionFilter: w.cfg.RequirePartitionFilter,
		TimePartitioning:       &bq.TimePartitioning{Type: bq.DayPartitioningType, Field: partition, Expiration: w.cfg.PartitionExpiration},
		Clustering:             &bq.Clustering{Fields: t.Cluster},
	}
	if len(t.Cluster) == 0 {
		md.Clustering.Fields = []string{warehouse.ColSlice}
	}
	if err := w.createTable(ctx, t.Name, md); err != nil {
		return err
	}
	return w.refreshViews(ctx, t.Name)
}

// createTable makes a table. Errors: isDuplicate when there is one.
func (w *Warehouse) createTable(ctx context.Context, name string, md *bq.TableMetadata) error {
	return w.calling(ctx, "bigquery.tables.create", func(ctx context.Context) error {
		return w.table(name).Create(ctx, md)
	})
}

// partitionOf is the column that partitions a new table, "" = the day of
// loading.
func partitionOf(t warehouse.Table) (string, error) {
	if len(t.Cluster) > mostCluster {
		return "", &warehouse.SchemaError{Table: t.Name, Reason: fmt.Sprintf("%d columns are to cluster it, and BigQuery takes %d; name fewer (cluster:)", len(t.Cluster), mostCluster)}
	}
	find := func(name string) *warehouse.Column {
		i := slices.IndexFunc(t.Columns, func(c warehouse.Column) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		return &t.Columns[i]
	}
	for _, name := range t.Cluster {
		c := find(name)
		switch {
		case c == nil:
			return "", &warehouse.SchemaError{Table: t.Name, Column: name, Reason: "is to cluster the table, and the table does not have it"}
		case c.Type.ID() == arrow.FLOAT64:
			return "", &warehouse.SchemaError{Table: t.Name, Column: name, Reason: "is to cluster the table, and BigQuery does not cluster by float64"}
		}
	}
	if t.Partition == "" {
		if c := find(defaultPartition); c == nil || c.Type.ID() != arrow.DATE32 {
			return "", nil
		}
		return defaultPartition, nil
	}
	c := find(t.Partition)
	switch {
	case c == nil:
		return "", &warehouse.SchemaError{Table: t.Name, Column: t.Partition, Reason: "is to partition the table, and the table does not have it"}
	case c.Type.ID() != arrow.DATE32:
		return "", &warehouse.SchemaError{Table: t.Name, Column: t.Partition, Have: typeWord(c.Type), Want: "date",
			Reason: "a table is partitioned by a date column"}
	}
	return t.Partition, nil
}

// alter adds the columns that are missing and widens those that are too narrow.
// All that could be refused is looked at before anything changes.
func (w *Warehouse) alter(ctx context.Context, t warehouse.Table, have *target) error {
	if err := checkPartition(t, have); err != nil {
		return err
	}
	update, added, widened, err := alterations(t, have)
	if err != nil {
		return err
	}
	for _, name := range widened {
		if err := w.checkWiden(ctx, have, name); err != nil {
			return err
		}
	}
	if update.Schema != nil || update.Description != nil {
		if err := w.update(ctx, have, update); err != nil {
			return err
		}
	}
	for _, name := range widened {
		if err := w.widen(ctx, t.Name, name); err != nil {
			return err
		}
	}
	if added == 0 {
		return nil
	}
	return w.refreshViews(ctx, t.Name)
}

// alterations are what a table needs: an update of its description and schema,
// with how many columns more, and the columns to widen.
func alterations(t warehouse.Table, have *target) (update bq.TableMetadataToUpdate, more int, widened []string, err error) {
	var added []warehouse.Column
	schema, described := slices.Clone(have.Schema), false
	for _, c := range t.Columns {
		i, found := have.index[c.Name]
		switch {
		case !found:
			added = append(added, c)
			continue
		case have.columns[i].Type.ID() == arrow.INT64 && c.Type.ID() == arrow.FLOAT64:
			widened = append(widened, c.Name)
		case !have.holds(i, c.Type):
			return update, 0, nil, misfit(t.Name, c.Name, have.columns[i].Type, c.Type)
		}
		if have.columns[i].Source == "" && c.Source != "" {
			field := *schema[i]
			field.Description = cut(c.Source, mostColumnAbout)
			schema[i], described = &field, true
		}
	}
	if len(added) > 0 || described {
		update.Schema = append(schema, fields(added)...)
	}
	if have.Description == "" && t.About != "" {
		update.Description = cut(t.About, mostTableAbout)
	}
	return update, len(added), widened, checkNew(t.Name, have.columns, added)
}

// update changes a table as it was read. Errors: status 412 when it changed
// meanwhile.
func (w *Warehouse) update(ctx context.Context, have *target, update bq.TableMetadataToUpdate) error {
	return w.calling(ctx, "bigquery.tables.update", func(ctx context.Context) error {
		_, err := w.table(have.name).Update(ctx, update, have.ETag)
		return err
	})
}

// checkPartition refuses a table that is partitioned by another column than the
// one asked for: BigQuery cannot change that.
func checkPartition(t warehouse.Table, have *target) error {
	is := ""
	if have.TimePartitioning != nil {
		is = have.TimePartitioning.Field
	}
	if t.Partition == "" || t.Partition == is {
		return nil
	}
	words := "not partitioned by a column"
	if is != "" {
		words = "partitioned by " + is
	}
	return &warehouse.SchemaError{Table: t.Name, Reason: fmt.Sprintf(
		"it is %s, and is to be by %s; BigQuery cannot change that: rename the table and load again, or choose another table", words, t.Partition)}
}

// checkNew refuses what new columns would make of a table. Columns that are
// there already may be of any type.
func checkNew(table string, have, added []warehouse.Column) error {
	if len(added) == 0 {
		return nil
	}
	all := make([]warehouse.Column, 0, len(have)+len(added))
	for _, c := range have {
		all = append(all, warehouse.Column{Name: c.Name, Type: arrow.BinaryTypes.String})
	}
	return warehouse.Table{Name: table, Columns: append(all, added...)}.Check()
}

// checkWiden refuses to make an integer column a floating one when an integer in
// it is so great that it could lose a digit.
func (w *Warehouse) checkWiden(ctx context.Context, have *target, column string) error {
	beyond, err := w.number(ctx, "beyond_double", map[string]any{"Table": have.name, "Column": column, "Filter": have.filter(false)}, nil)
	if err != nil || beyond == 0 {
		return err
	}
	return &warehouse.SchemaError{
		Table: have.name, Column: column, Have: "int64", Want: "float64",
		Reason: fmt.Sprintf("%d stored integers are beyond 2^53 and would lose digits", beyond),
	}
}

// widen makes an integer column a floating one. Doing it twice is harmless.
func (w *Warehouse) widen(ctx context.Context, table, column string) error {
	sql, err := text("widen_column", map[string]any{"Table": table, "Column": column})
	if err != nil {
		return err
	}
	return w.repeat(ctx, sql, nil)
}

// repeat runs a statement that may be run twice, until it ran.
func (w *Warehouse) repeat(ctx context.Context, sql string, p params) error {
	var pace pacing
	for try := 1; ; try++ {
		_, _, err := w.run(ctx, sql, p.list())
		if err == nil || ctx.Err() != nil || try == mostTries || !isPassing(err) && !errors.Is(err, errGone) {
			return err
		}
		if err := pace.pause(ctx, w); err != nil {
			return err
		}
	}
}

// checkNames refuses names that BigQuery does not take, before anything is
// made. Rules: cloud.google.com/bigquery/docs/schemas and /docs/tables.
func (w *Warehouse) checkNames(t warehouse.Table) error {
	if !regexp.MustCompile(`^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]+$`).MatchString(t.Name) || len(t.Name) > 1024 {
		return &warehouse.SchemaError{Table: t.Name, Reason: "BigQuery takes letters, digits, _, - and spaces in a table's name, up to 1,024 bytes; choose another (table:)"}
	}
	allowed, words := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`), "letters, digits and _, and no digit first"
	if w.cfg.FlexibleNames {
		allowed = regexp.MustCompile("^[^!\"$()*,./;?@\\[\\\\\\]^`{}~\x00-\x08\x0e-\x1f]+$")
		words = "no ! \" $ ( ) * , . / ; ? @ [ \\ ] ^ ` { } ~"
	}
	for _, c := range t.Columns {
		reason := ""
		switch {
		case !allowed.MatchString(c.Name):
			reason = "BigQuery takes in a column's name " + words + "; rename it (columns:)"
		case len([]rune(c.Name)) > 300:
			reason = "BigQuery takes 300 characters in a column's name; rename it (columns:)"
		case reserved(c.Name):
			reason = "BigQuery keeps names that start so for itself; rename it (columns:)"
		}
		if reason != "" {
			return &warehouse.SchemaError{Table: t.Name, Column: c.Name, Reason: reason}
		}
	}
	return nil
}

// reserved reports whether a column's name starts as BigQuery's own do.
func reserved(name string) bool {
	return slices.ContainsFunc([]string{
		"_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER",
		"_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TYPE", "_CHANGE_TIMESTAMP",
	}, func(prefix string) bool { return strings.HasPrefix(strings.ToUpper(name), prefix) })
}
