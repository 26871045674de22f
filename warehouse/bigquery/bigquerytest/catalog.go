//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	bq "google.golang.org/api/bigquery/v2"
)

// A dataset is a schema in DuckDB and what the API shows of it. Resources are
// replaced, never changed, so that readers need no lock once they have one.
type dataset struct {
	meta   *bq.Dataset
	tables map[string]*table
}

// A table is a table or view of a dataset.
type table struct {
	meta *bq.Table
	// phys is the table in DuckDB, quoted. Names of BigQuery's tables differ
	// by case, and those of DuckDB do not.
	phys string
}

// ingestion is the hidden column of a table that is partitioned by the time of
// loading.
const ingestion = "_PARTITIONTIME"

func (t *table) isView() bool { return t.meta.Type == "VIEW" }

// byIngestion reports whether the table is partitioned by the time of loading.
func (t *table) byIngestion() bool {
	return t.meta.TimePartitioning != nil && t.meta.TimePartitioning.Field == ""
}

// key is the table's name in locks and counters.
func (t *table) key() string {
	return t.meta.TableReference.DatasetId + "." + t.meta.TableReference.TableId
}

// shown is the table's name in messages.
func shown(r *bq.TableReference) string {
	return r.ProjectId + ":" + r.DatasetId + "." + r.TableId
}

func physical(dataset, name string) string {
	folded := strings.ToLower(name)
	if folded != name {
		folded += fmt.Sprintf("~%08x", crc32.ChecksumIEEE([]byte(name)))
	}
	return schemaName(dataset) + "." + ident(folded)
}

// schemaName is the dataset's schema in DuckDB, which has some of its own.
func schemaName(dataset string) string {
	return ident(fmt.Sprintf("d_%s_%08x", strings.ToLower(dataset), crc32.ChecksumIEEE([]byte(dataset))))
}

func newDataset(o Options) *bq.Dataset {
	return &bq.Dataset{
		DatasetReference: &bq.DatasetReference{ProjectId: o.Project, DatasetId: o.Dataset}, Location: o.Location,
	}
}

// datasetName is what a dataset may be called.
func datasetName(name string) bool {
	for _, c := range name {
		if !(c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return name != "" && len(name) <= 1024
}

// createDataset takes the resource as its own.
func (s *Server) createDataset(ctx context.Context, d *bq.Dataset) error {
	ref := d.DatasetReference
	if ref == nil || !datasetName(ref.DatasetId) {
		return invalid("Invalid dataset ID. Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 characters long.")
	}
	ref.ProjectId = s.opt.Project
	if err := checkLabels(d.Labels); err != nil {
		return err
	}
	if d.Location == "" {
		d.Location = "US"
	}
	s.mu.Lock()
	_, exists := s.datasets[ref.DatasetId]
	s.mu.Unlock()
	if exists {
		return duplicate("Dataset %s:%s", ref.ProjectId, ref.DatasetId)
	}
	if _, err := s.db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+schemaName(ref.DatasetId)); err != nil {
		return err
	}
	now := s.opt.Now().UnixMilli()
	d.Kind, d.Id, d.CreationTime, d.LastModifiedTime = "bigquery#dataset", ref.ProjectId+":"+ref.DatasetId, now, now
	d.Etag = s.name("ds")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.datasets[ref.DatasetId] = &dataset{meta: d, tables: map[string]*table{}}
	return nil
}

// dataset finds a dataset.
func (s *Server) dataset(id string) (*bq.Dataset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.datasets[id]
	if !ok {
		return nil, notFound("Dataset %s:%s", s.opt.Project, id)
	}
	return d.meta, nil
}

// table finds a table that is not past its expiration.
func (s *Server) table(ref *bq.TableReference) (*table, error) {
	if ref.ProjectId != s.opt.Project {
		return nil, refuse(http.StatusForbidden, "accessDenied", "Access Denied: Table %s: Permission bigquery.tables.get denied (or it may not exist).", shown(ref))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.datasets[ref.DatasetId]
	if !ok {
		return nil, notFound("Dataset %s:%s", s.opt.Project, ref.DatasetId)
	}
	t, ok := d.tables[ref.TableId]
	if !ok || t.meta.ExpirationTime != 0 && t.meta.ExpirationTime <= s.opt.Now().UnixMilli() {
		return nil, notFound("Table %s", shown(ref))
	}
	return t, nil
}

// put makes a resource the table's, with a new etag.
func (s *Server) put(m *bq.Table) {
	etag := s.name("t")
	ref := m.TableReference
	m.Kind, m.Id, m.Etag = "bigquery#table", shown(ref), etag
	m.LastModifiedTime = uint64(s.opt.Now().UnixMilli())
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.datasets[ref.DatasetId]
	if !ok {
		return // the dataset is deleted meanwhile
	}
	m.Location = d.meta.Location
	d.tables[ref.TableId] = &table{meta: m, phys: physical(ref.DatasetId, ref.TableId)}
}

// checkTable refuses a table that the service would refuse, and gives its
// fields the names the service gives back.
func checkTable(m *bq.Table) error { return checkTableNamed(m, checkColumn) }

// checkTableNamed is checkTable, with names of columns that check lets pass.
func checkTableNamed(m *bq.Table, check func(name string) error) error {
	if err := tableName(m.TableReference.TableId); err != nil {
		return err
	}
	if m.Schema == nil {
		m.Schema = &bq.TableSchema{}
	}
	if err := normalizeNamed(m.Schema.Fields, 1, check); err != nil {
		return err
	}
	if n := leaves(m.Schema.Fields); n > 10000 {
		return invalid("Too many total leaf fields: %d, max allowed field count: 10000", n)
	}
	if len(m.Description) > 16384 {
		return invalid("Table description is too long; at most 16384 characters")
	}
	if err := checkPartitioning(m); err != nil {
		return err
	}
	if err := checkClustering(m); err != nil {
		return err
	}
	return checkLabels(m.Labels)
}

// tableName refuses names that the service does not take.
func tableName(name string) error {
	ok := name != "" && len(name) <= 1024 && utf8.ValidString(name)
	for _, c := range name {
		ok = ok && (unicode.In(c, unicode.L, unicode.M, unicode.N, unicode.Pc, unicode.Pd, unicode.Zs))
	}
	if !ok {
		return invalid("Invalid table ID %q. Table IDs must be alphanumeric (plus underscores) and must be at most 1024 characters long. "+
			"Also, Table decorators cannot be used.", name)
	}
	return nil
}

func checkPartitioning(m *bq.Table) error {
	p := m.TimePartitioning
	if m.RangePartitioning != nil {
		return invalid("range partitioning is not served by bigquerytest")
	}
	if p == nil {
		if m.RequirePartitionFilter {
			return invalid("require_partition_filter is only supported for partitioned tables.")
		}
		return nil
	}
	if p.Type != "DAY" {
		return invalid("time partitioning of type %q is not served by bigquerytest, DAY alone is", p.Type)
	}
	if p.RequirePartitionFilter {
		m.RequirePartitionFilter = true
	}
	p.RequirePartitionFilter = false // deprecated: the table has it
	if p.Field == "" {
		return nil
	}
	f := field(m.Schema, p.Field)
	switch {
	case f == nil:
		return invalid("The field specified for partitioning cannot be found in the schema. Invalid field: %s.", p.Field)
	case f.Mode == "REPEATED":
		return invalid("The field specified for partitioning can not be REPEATED. Invalid field: %s.", p.Field)
	case !slices.Contains([]string{"DATE", "TIMESTAMP", "DATETIME"}, f.Type):
		return invalid("The field specified for time partitioning can only be of type TIMESTAMP, DATE or DATETIME. The type found is: %s.", f.Type)
	}
	return nil
}

func checkClustering(m *bq.Table) error {
	if m.Clustering == nil {
		return nil
	}
	if n := len(m.Clustering.Fields); n == 0 || n > 4 {
		return invalid("Clustering takes 1 to 4 fields, not %d.", n)
	}
	for _, name := range m.Clustering.Fields {
		f := field(m.Schema, name)
		switch {
		case f == nil:
			return invalid("The field specified for clustering cannot be found in the schema. Invalid field: %s.", name)
		case f.Mode == "REPEATED", slices.Contains([]string{"RECORD", "JSON", "FLOAT", "BYTES", "TIME"}, f.Type):
			return invalid("Field %s of type %s (%s) cannot be used for clustering.", name, f.Type, f.Mode)
		}
	}
	return nil
}

func checkLabels(labels map[string]string) error {
	if len(labels) > 64 {
		return invalid("Too many labels: %d; at most 64", len(labels))
	}
	allowed := func(s string) bool {
		for _, c := range s {
			if c != '_' && c != '-' && !unicode.IsDigit(c) && (!unicode.IsLetter(c) || unicode.IsUpper(c)) {
				return false
			}
		}
		return utf8.RuneCountInString(s) <= 63
	}
	for k, v := range labels {
		first, _ := utf8.DecodeRuneInString(k)
		if !unicode.IsLetter(first) || !allowed(k) || !allowed(v) {
			return invalid("Invalid label %s: keys and values have at most 63 characters, lowercase letters, digits, _ and -, "+
				"and keys start with a letter", strconv.Quote(k+":"+v))
		}
	}
	return nil
}

// field finds a column by its name, in whatever case.
func field(schema *bq.TableSchema, name string) *bq.TableFieldSchema {
	if schema == nil {
		return nil
	}
	for _, f := range schema.Fields {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	return nil
}
