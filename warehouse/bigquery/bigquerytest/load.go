//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// A target is where a load or query writes: a table, or one of its partitions.
type target struct {
	ref *bq.TableReference
	day time.Time // of the decorator; zero = the whole table
}

// parseTarget reads a destination, "table" or "table$YYYYMMDD".
func (s *Server) parseTarget(ref *bq.TableReference) (target, error) {
	if ref == nil {
		return target{}, invalid("Required parameter is missing: destinationTable")
	}
	name, decorator, found := strings.Cut(ref.TableId, "$")
	t := target{ref: &bq.TableReference{ProjectId: s.opt.Project, DatasetId: ref.DatasetId, TableId: name}}
	if err := tableName(name); err != nil {
		return t, err
	}
	if _, err := s.dataset(ref.DatasetId); err != nil || !found {
		return t, err
	}
	day, err := time.Parse("20060102", decorator)
	if err != nil {
		return t, invalid("Invalid date partition id %q for table %s; use YYYYMMDD.", decorator, shown(t.ref))
	}
	if day.Year() < 1960 || day.Year() > 2159 {
		return t, invalid("Partition %s of table %s is outside of 19600101 and 21591231.", decorator, shown(t.ref))
	}
	t.day = day
	return t, nil
}

// acceptLoad refuses what jobs.insert refuses at once, and counts the job
// against the table's quota.
func (s *Server) acceptLoad(c *bq.JobConfigurationLoad) error {
	t, err := s.parseTarget(c.DestinationTable)
	if err != nil {
		return err
	}
	c.SourceFormat = strings.ToUpper(c.SourceFormat)
	if c.SourceFormat == "" {
		c.SourceFormat = "CSV"
	}
	if !slices.Contains([]string{"PARQUET", "CSV", "NEWLINE_DELIMITED_JSON"}, c.SourceFormat) {
		return invalid("source format %s is not served by bigquerytest", c.SourceFormat)
	}
	if len(c.SourceUris) > 10000 {
		return invalid("Too many source URIs: %d; at most 10000", len(c.SourceUris))
	}
	if err := checkDispositions(c.WriteDisposition, c.CreateDisposition); err != nil {
		return err
	}
	additive := c.WriteDisposition == "" || c.WriteDisposition == "WRITE_APPEND" || c.WriteDisposition == "WRITE_TRUNCATE_DATA"
	if len(c.SchemaUpdateOptions) > 0 && !additive && (c.WriteDisposition != "WRITE_TRUNCATE" || t.day.IsZero()) {
		return invalid("Schema update options should only be specified with WRITE_APPEND disposition, or with WRITE_TRUNCATE disposition on a table partition.")
	}
	return s.countLoad(t.ref.DatasetId + "." + t.ref.TableId)
}

func checkDispositions(write, create string) error {
	if !slices.Contains([]string{"", "WRITE_APPEND", "WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA", "WRITE_EMPTY"}, write) {
		return invalid("Invalid value for writeDisposition: %s is not a valid value", write)
	}
	if !slices.Contains([]string{"", "CREATE_IF_NEEDED", "CREATE_NEVER"}, create) {
		return invalid("Invalid value for createDisposition: %s is not a valid value", create)
	}
	return nil
}

// load does a load job: all of it or nothing.
func (s *Server) load(ctx context.Context, j *job, media string) (*bq.JobStatistics3, error) {
	c := j.config.Load
	t, err := s.parseTarget(c.DestinationTable)
	if err != nil {
		return nil, errors.Join(err, remove(media))
	}
	files, err := s.fetch(ctx, c, media)
	defer files.remove()
	if err != nil {
		return nil, err
	}
	_, err = s.table(t.ref)
	how := held{hold: alters}
	if err == nil && len(c.SchemaUpdateOptions) == 0 {
		switch {
		case c.WriteDisposition == "" || c.WriteDisposition == "WRITE_APPEND":
			how.hold = appends
		case !t.day.IsZero():
			how.hold = mutates
		}
	}
	if _, err := s.locks.take(ctx, j, t.ref.DatasetId+"."+t.ref.TableId, how); err != nil {
		return nil, err
	}
	defer s.locks.drop(j)
	have, err := s.table(t.ref)
	if err != nil && asProblem(err).code != http.StatusNotFound {
		return nil, err
	}
	if err != nil && (c.CreateDisposition == "CREATE_NEVER" || how.hold != alters) {
		return nil, err
	}
	w := &writing{s: s, c: c, target: t, have: have, files: files}
	if err := w.plan(ctx); err != nil {
		return nil, err
	}
	rows, err := w.apply(ctx)
	if err != nil {
		return nil, err
	}
	return &bq.JobStatistics3{
		InputFiles: int64(len(files.names)), InputFileBytes: files.size, OutputRows: rows, OutputBytes: rows * width(w.want.Schema.Fields),
		ForceSendFields: []string{"OutputRows", "OutputBytes", "InputFiles", "InputFileBytes", "BadRecords"},
	}, nil
}

// A writing is a load on its way into its table.
type writing struct {
	s      *Server
	c      *bq.JobConfigurationLoad
	target target
	have   *table // nil = there is none
	files  *files

	source *source
	want   *bq.Table // the table as it is to be
	phys   string
	steps  []string // before the rows
	insert string   // takes the rows; its number of rows is the job's
	fresh  bool     // the table is new, or all of it is replaced
}

// plan reads the files' schemas and decides what is to be done; nothing is
// changed yet.
func (w *writing) plan(ctx context.Context) error {
	if w.have != nil && w.have.isView() {
		return invalid("%s is not allowed for this operation because it is currently a VIEW.", shown(w.target.ref))
	}
	if err := w.checkEmpty(ctx); err != nil {
		return err
	}
	var err error
	if w.source, err = w.openSource(ctx); err != nil {
		return err
	}
	w.phys = physical(w.target.ref.DatasetId, w.target.ref.TableId)
	w.fresh = w.have == nil || w.c.WriteDisposition == "WRITE_TRUNCATE" && w.target.day.IsZero()
	if w.fresh {
		err = w.planFresh()
	} else {
		err = w.planExisting()
	}
	if err != nil {
		return err
	}
	if err := w.checkPartitions(ctx); err != nil {
		return err
	}
	w.insert = w.insertion()
	return nil
}

func (w *writing) checkEmpty(ctx context.Context) error {
	if w.have == nil || w.c.WriteDisposition != "WRITE_EMPTY" {
		return nil
	}
	n, err := w.s.countRows(ctx, w.have)
	if err == nil && n > 0 {
		err = duplicate("Table %s", shown(w.target.ref))
	}
	return err
}

// planFresh plans a table that is new or takes the files' schema.
func (w *writing) planFresh() error {
	m := &bq.Table{TableReference: w.target.ref}
	if w.have != nil {
		old, err := clone(w.have.meta)
		if err != nil {
			return err
		}
		m = old
		if w.c.TimePartitioning != nil {
			if err := samePartitioning(m, &bq.Table{TimePartitioning: w.c.TimePartitioning}); err != nil {
				return err
			}
		}
	}
	m.Schema = &bq.TableSchema{Fields: w.source.fields}
	if w.c.TimePartitioning != nil {
		var err error
		if m.TimePartitioning, err = clone(w.c.TimePartitioning); err != nil {
			return err
		}
	}
	if w.c.Clustering != nil {
		m.Clustering = w.c.Clustering
	}
	if p := w.c.DestinationTableProperties; p != nil {
		m.Description, m.FriendlyName, m.Labels = p.Description, p.FriendlyName, p.Labels
	}
	if w.have == nil && !w.target.day.IsZero() && m.TimePartitioning == nil {
		m.TimePartitioning = &bq.TimePartitioning{Type: "DAY"}
	}
	if err := checkTableNamed(m, w.columnCheck()); err != nil {
		return err
	}
	if w.have == nil {
		w.s.fill(m)
	}
	w.want = m
	w.steps = []string{"DROP TABLE IF EXISTS " + w.phys, definition(w.phys, m)}
	return nil
}

// planExisting plans rows for a table that keeps its schema, or gets more columns.
func (w *writing) planExisting() error {
	m, err := clone(w.have.meta)
	if err != nil {
		return err
	}
	if w.c.TimePartitioning != nil {
		if err := samePartitioning(m, &bq.Table{TimePartitioning: w.c.TimePartitioning}); err != nil {
			return err
		}
	}
	if err := w.fit(m); err != nil {
		return err
	}
	if err := checkTable(m); err != nil {
		return err
	}
	if w.steps, err = differences(w.have, m.Schema.Fields); err != nil {
		return err
	}
	w.want = m
	truncate := w.c.WriteDisposition == "WRITE_TRUNCATE" || w.c.WriteDisposition == "WRITE_TRUNCATE_DATA"
	switch {
	case truncate && w.target.day.IsZero():
		w.steps = append(w.steps, "DELETE FROM "+w.phys)
	case truncate:
		w.steps = append(w.steps, fmt.Sprintf("DELETE FROM %s WHERE %s = DATE '%s'", w.phys, partitionDay(m), w.target.day.Format(time.DateOnly)))
	}
	return nil
}

// fit makes m's columns those that the source's rows need, where the options
// of the job let it.
func (w *writing) fit(m *bq.Table) error {
	name := shown(w.target.ref)
	for _, f := range w.source.fields {
		old := field(m.Schema, f.Name)
		switch {
		case old == nil && !slices.Contains(w.c.SchemaUpdateOptions, "ALLOW_FIELD_ADDITION"):
			return invalid("Provided Schema does not match Table %s. Cannot add fields (field: %s)", name, f.Name)
		case old == nil:
			added, err := clone(f)
			if err != nil {
				return err
			}
			if added.Mode == "REQUIRED" {
				return invalid("Provided Schema does not match Table %s. Cannot add required fields to an existing schema. (field: %s)", name, f.Name)
			}
			m.Schema.Fields = append(m.Schema.Fields, added)
		case old.Type != f.Type || duckType(old) != duckType(f) && old.Type == "RECORD":
			return changedType(w.have, f.Name, old, f)
		case old.Mode == f.Mode, old.Mode == "NULLABLE" && f.Mode == "REQUIRED":
		case old.Mode == "REQUIRED" && f.Mode == "NULLABLE" && slices.Contains(w.c.SchemaUpdateOptions, "ALLOW_FIELD_RELAXATION"):
			relaxed := *old
			relaxed.Mode = "NULLABLE"
			m.Schema.Fields[slices.Index(m.Schema.Fields, old)] = &relaxed
		default:
			return invalid("Provided Schema does not match Table %s. Field %s has changed mode from %s to %s", name, f.Name, old.Mode, f.Mode)
		}
	}
	for _, f := range m.Schema.Fields {
		if f.Mode == "REQUIRED" && field(&bq.TableSchema{Fields: w.source.fields}, f.Name) == nil {
			return invalid("Provided Schema does not match Table %s. Required field %s is missing", name, f.Name)
		}
	}
	return nil
}

// partitionDay is the day of a row's partition, in DuckDB's dialect.
func partitionDay(m *bq.Table) string {
	if m.TimePartitioning.Field == "" {
		return "CAST(" + ident(ingestion) + " AS DATE)"
	}
	return "CAST(" + ident(m.TimePartitioning.Field) + " AS DATE)"
}

// checkPartitions refuses rows of another partition than the target's, and
// rows of too many partitions.
func (w *writing) checkPartitions(ctx context.Context) error {
	p := w.want.TimePartitioning
	if p == nil {
		if !w.target.day.IsZero() {
			return invalid("Cannot use a partition decorator: table %s is not partitioned.", shown(w.target.ref))
		}
		return nil
	}
	if p.Field == "" {
		return nil
	}
	var days, others int64
	day := "NULL"
	if f := field(&bq.TableSchema{Fields: w.source.fields}, p.Field); f != nil {
		day = "CAST(" + w.source.value(f) + " AS DATE)"
	}
	which := "1960-01-01"
	if !w.target.day.IsZero() {
		which = w.target.day.Format(time.DateOnly)
	}
	text := fmt.Sprintf("SELECT count(DISTINCT day), count(*) FILTER (day IS DISTINCT FROM DATE '%s') FROM (SELECT %s AS day FROM %s)", which, day, w.source.relation)
	if err := w.s.db.QueryRowContext(ctx, text).Scan(&days, &others); err != nil {
		return w.source.explain(err)
	}
	if days > 4000 {
		return invalid("Too many partitions produced by query, allowed 4000, query modifies at least %d partitions", days)
	}
	if others > 0 && !w.target.day.IsZero() {
		return invalid("Some rows belong to different partitions rather than destination partition %s$%s", shown(w.target.ref), w.target.day.Format("20060102"))
	}
	return nil
}

// insertion is the statement that takes the rows.
func (w *writing) insertion() string {
	var names, values []string
	for _, f := range w.source.fields {
		names, values = append(names, ident(f.Name)), append(values, w.source.value(f))
	}
	if p := w.want.TimePartitioning; p != nil && p.Field == "" {
		day := w.target.day
		if day.IsZero() {
			day = w.s.opt.Now().UTC().Truncate(24 * time.Hour)
		}
		names, values = append(names, ident(ingestion)), append(values, "TIMESTAMPTZ '"+day.Format(time.DateOnly)+" 00:00:00+00'")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", w.phys, strings.Join(names, ", "), strings.Join(values, ", "), w.source.relation)
}

// apply does what is planned, in one transaction.
func (w *writing) apply(ctx context.Context) (rows int64, err error) {
	err = w.s.within(ctx, func(tx *sql.Tx) error {
		if err := run(ctx, tx, w.steps...); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, w.insert)
		if err != nil {
			return w.source.explain(err)
		}
		rows, err = res.RowsAffected()
		return err
	})
	if err == nil {
		w.s.put(w.want)
	}
	return rows, err
}
