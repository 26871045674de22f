package bigquery

import (
	"context"
	"fmt"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// Table describes a table as it is. Columns of a type that no load writes come
// with a type whose String is BigQuery's word, such as "JSON"; exact decimals come
// as text. Errors: ErrNotExist, also for a view.
func (w *Warehouse) Table(ctx context.Context, name string) (warehouse.Table, error) {
	md, err := w.metadata(ctx, name)
	if err == nil && (md == nil || md.Type != bq.RegularTable) {
		err = warehouse.ErrNotExist
	}
	if err != nil {
		return warehouse.Table{}, fmt.Errorf("bigquery: table %s: %w", name, err)
	}
	t := warehouse.Table{Name: name, About: md.Description, Columns: columnsOf(md.Schema)}
	if md.TimePartitioning != nil {
		t.Partition = md.TimePartitioning.Field
	}
	if md.Clustering != nil {
		t.Cluster = md.Clustering.Fields
	}
	return t, nil
}

// metadata is what BigQuery knows of a table, nil when there is none.
func (w *Warehouse) metadata(ctx context.Context, name string) (*bq.TableMetadata, error) {
	if _, err := w.place(ctx); err != nil {
		return nil, err
	}
	if name == "" || strings.ContainsAny(name, "/.$?#%\x00") {
		return nil, nil // no table can be called that, and the API would read it as a path
	}
	var md *bq.TableMetadata
	err := w.calling(ctx, "bigquery.tables.get", func(ctx context.Context) (err error) {
		md, err = w.table(name).Metadata(ctx, bq.WithMetadataView(bq.BasicMetadataView))
		return err
	})
	if isNotFound(err) {
		return nil, nil
	}
	return md, err
}

// A target is the table that a load goes to.
type target struct {
	*bq.TableMetadata
	name    string
	columns []warehouse.Column
	index   map[string]int // by column name
}

// ours finds the table that a load goes to; nil = there is none. A table or view
// that cannot be one is a *warehouse.SchemaError.
func (w *Warehouse) ours(ctx context.Context, name string) (*target, error) {
	md, err := w.metadata(ctx, name)
	if err != nil || md == nil {
		return nil, err
	}
	refuse := func(reason string) (*target, error) {
		return nil, &warehouse.SchemaError{Table: name, Reason: reason}
	}
	if md.Type != bq.RegularTable {
		return refuse(fmt.Sprintf("there is a %s of that name; rename it, or choose another table", strings.ToLower(string(md.Type))))
	}
	t := &target{TableMetadata: md, name: name, columns: columnsOf(md.Schema)}
	t.index = make(map[string]int, len(t.columns))
	for i, c := range t.columns {
		t.index[c.Name] = i
	}
	for _, own := range taplineColumns() {
		if i, ok := t.index[own.Name]; !ok || !sameType(t.columns[i].Type, own.Type) {
			return refuse(fmt.Sprintf("it was not made by tapline: it lacks %s (%s); rename it, or choose another table",
				own.Name, warehouse.TypeName(own.Type)))
		}
	}
	return t, nil
}

// A filter is what a statement says of partitions, where it has to or where it
// saves reading.
type filter struct {
	Column string
	Day    bool // only those of @day
}

// filter is nil when there is nothing to say.
func (t *target) filter(day bool) *filter {
	switch {
	case t.TimePartitioning == nil:
		return nil
	case day:
		return &filter{t.TimePartitioning.Field, true}
	case !t.RequirePartitionFilter && !t.TimePartitioning.RequirePartitionFilter:
		return nil
	case t.TimePartitioning.Field == "":
		return &filter{"_PARTITIONDATE", false}
	}
	return &filter{t.TimePartitioning.Field, false}
}

// daily reports whether the table has a partition for each value of a DATE
// column, which a slice may be all of.
func (t *target) daily() bool {
	p := t.TimePartitioning
	if p == nil || p.Field == "" || p.Type != "" && p.Type != bq.DayPartitioningType {
		return false
	}
	i, ok := t.index[p.Field]
	return ok && t.Schema[i].Type == bq.DateFieldType
}
