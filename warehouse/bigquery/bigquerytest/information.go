//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// A listing is a view of INFORMATION_SCHEMA: columns of DuckDB and rows of
// expressions of it.
type listing struct {
	columns []column
	rows    [][]string
}

// query is the listing as a query of DuckDB.
func (l listing) query() string {
	names, casts := make([]string, len(l.columns)), make([]string, len(l.columns))
	for i, c := range l.columns {
		names[i] = ident(c.name)
		casts[i] = "CAST(" + names[i] + " AS " + c.duck + ") AS " + names[i]
	}
	rows := make([]string, 0, len(l.rows)+1)
	for _, r := range l.rows {
		rows = append(rows, "("+strings.Join(r, ", ")+")")
	}
	where := ""
	if len(rows) == 0 {
		rows = []string{"(" + strings.TrimSuffix(strings.Repeat("NULL, ", len(names)), ", ") + ")"}
		where = " WHERE false"
	}
	return fmt.Sprintf("(SELECT %s FROM (VALUES %s) AS i(%s)%s)", strings.Join(casts, ", "), strings.Join(rows, ", "), strings.Join(names, ", "), where)
}

// information is what a name in INFORMATION_SCHEMA stands for.
func (t *translator) information(parts []string) (string, bool, error) {
	at := slices.IndexFunc(parts, func(p string) bool { return strings.EqualFold(p, "INFORMATION_SCHEMA") })
	if at < 0 {
		return "", false, nil
	}
	dataset := t.dataset
	if at > 0 {
		dataset = parts[at-1]
	}
	if at != len(parts)-2 || at > 2 {
		return "", true, badQuery("Invalid table name: %s", strings.Join(parts, "."))
	}
	if _, err := t.server.dataset(dataset); err != nil {
		return "", true, err
	}
	var l listing
	var err error
	switch name := strings.ToUpper(parts[at+1]); name {
	case "TABLES":
		l = t.listTables(dataset)
	case "COLUMNS":
		l = t.listColumns(dataset)
	case "COLUMN_FIELD_PATHS":
		l = t.listPaths(dataset)
	case "TABLE_OPTIONS":
		l = t.listOptions(dataset)
	case "PARTITIONS":
		l, err = t.listPartitions(dataset)
	default:
		err = badQuery("bigquerytest does not have INFORMATION_SCHEMA.%s", name)
	}
	return l.query(), true, err
}

// tablesOf are the resources of a dataset's tables, by name.
func (s *Server) tablesOf(dataset string) []*table {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*table
	for _, t := range s.datasets[dataset].tables {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *table) int { return strings.Compare(a.key(), b.key()) })
	return all
}

// textColumns are columns of text.
func textColumns(names ...string) []column {
	out := make([]column, len(names))
	for i, n := range names {
		out[i] = column{n, "VARCHAR"}
	}
	return out
}

// place is the first three values of every row: where a table is.
func place(m *bq.Table) []string {
	r := m.TableReference
	return []string{text(r.ProjectId), text(r.DatasetId), text(r.TableId)}
}

func millis(ms int64) string {
	return "TIMESTAMPTZ '" + time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000") + "+00'"
}

func (t *translator) listTables(dataset string) listing {
	l := listing{columns: append(textColumns("table_catalog", "table_schema", "table_name", "table_type", "is_insertable_into"),
		column{"creation_time", "TIMESTAMP WITH TIME ZONE"})}
	for _, x := range t.server.tablesOf(dataset) {
		kind, writable := "'BASE TABLE'", "'YES'"
		if x.isView() {
			kind, writable = "'VIEW'", "'NO'"
		}
		l.rows = append(l.rows, append(place(x.meta), kind, writable, millis(x.meta.CreationTime)))
	}
	return l
}

// sqlType is a column's type as GoogleSQL writes it.
func sqlType(f *bq.TableFieldSchema) string {
	t := "STRUCT"
	if f.Type == "RECORD" {
		parts := make([]string, len(f.Fields))
		for i, sub := range f.Fields {
			parts[i] = sub.Name + " " + sqlType(sub)
		}
		t += "<" + strings.Join(parts, ", ") + ">"
	} else {
		k, _ := kindNamed(f.Type)
		t = k.sql
	}
	if f.Mode == "REPEATED" {
		return "ARRAY<" + t + ">"
	}
	return t
}

func yes(b bool) string {
	if b {
		return "'YES'"
	}
	return "'NO'"
}

func (t *translator) listColumns(dataset string) listing {
	l := listing{columns: append(textColumns("table_catalog", "table_schema", "table_name", "column_name", "data_type", "is_nullable", "is_partitioning_column"),
		column{"ordinal_position", "BIGINT"}, column{"clustering_ordinal_position", "BIGINT"})}
	for _, x := range t.server.tablesOf(dataset) {
		for i, f := range x.meta.Schema.Fields {
			p, clustered := x.meta.TimePartitioning, "NULL"
			if c := x.meta.Clustering; c != nil {
				if at := slices.IndexFunc(c.Fields, func(n string) bool { return strings.EqualFold(n, f.Name) }); at >= 0 {
					clustered = fmt.Sprint(at + 1)
				}
			}
			l.rows = append(l.rows, append(place(x.meta), text(f.Name), text(sqlType(f)), yes(f.Mode != "REQUIRED"),
				yes(p != nil && strings.EqualFold(p.Field, f.Name)), fmt.Sprint(i+1), clustered))
		}
	}
	return l
}

func (t *translator) listPaths(dataset string) listing {
	l := listing{columns: textColumns("table_catalog", "table_schema", "table_name", "column_name", "field_path", "data_type", "description")}
	for _, x := range t.server.tablesOf(dataset) {
		var walk func(column, prefix string, fields []*bq.TableFieldSchema)
		walk = func(column, prefix string, fields []*bq.TableFieldSchema) {
			for _, f := range fields {
				top, about := column, "NULL"
				if top == "" {
					top = f.Name
				}
				if f.Description != "" {
					about = text(f.Description)
				}
				l.rows = append(l.rows, append(place(x.meta), text(top), text(prefix+f.Name), text(sqlType(f)), about))
				walk(top, prefix+f.Name+".", f.Fields)
			}
		}
		walk("", "", x.meta.Schema.Fields)
	}
	return l
}

// literal is a text as GoogleSQL writes it.
func literal(s string) string { return fmt.Sprintf("%q", s) }

func (t *translator) listOptions(dataset string) listing {
	l := listing{columns: textColumns("table_catalog", "table_schema", "table_name", "option_name", "option_type", "option_value")}
	for _, x := range t.server.tablesOf(dataset) {
		m := x.meta
		add := func(name, kind, value string) {
			l.rows = append(l.rows, append(place(m), text(name), text(kind), text(value)))
		}
		if m.Description != "" {
			add("description", "STRING", literal(m.Description))
		}
		if m.FriendlyName != "" {
			add("friendly_name", "STRING", literal(m.FriendlyName))
		}
		if m.RequirePartitionFilter {
			add("require_partition_filter", "BOOL", "true")
		}
		if m.ExpirationTime != 0 {
			add("expiration_timestamp", "TIMESTAMP", "TIMESTAMP "+literal(time.UnixMilli(m.ExpirationTime).UTC().Format("2006-01-02T15:04:05.000Z")))
		}
		if len(m.Labels) > 0 {
			var pairs []string
			for k, v := range m.Labels {
				pairs = append(pairs, "STRUCT("+literal(k)+", "+literal(v)+")")
			}
			slices.Sort(pairs)
			add("labels", "ARRAY<STRUCT<STRING, STRING>>", "["+strings.Join(pairs, ", ")+"]")
		}
	}
	return l
}

// listPartitions lists the partitions that have rows, and their rows.
func (t *translator) listPartitions(dataset string) (listing, error) {
	l := listing{columns: append(textColumns("table_catalog", "table_schema", "table_name", "partition_id"),
		column{"total_rows", "BIGINT"}, column{"total_logical_bytes", "BIGINT"}, column{"last_modified_time", "TIMESTAMP WITH TIME ZONE"})}
	for _, x := range t.server.tablesOf(dataset) {
		if x.isView() {
			continue
		}
		day := "NULL"
		if x.meta.TimePartitioning != nil {
			day = fmt.Sprintf("coalesce(CASE WHEN year(%[1]s) NOT BETWEEN 1960 AND 2159 THEN '__UNPARTITIONED__' ELSE strftime(%[1]s, '%%Y%%m%%d') END, '__NULL__')", partitionDay(x.meta))
		}
		if err := t.countPartitions(&l, x, day); err != nil {
			return l, err
		}
	}
	return l, nil
}

// countPartitions adds a row for each value of day in a table.
func (t *translator) countPartitions(l *listing, x *table, day string) error {
	rows, err := t.conn.QueryContext(t.ctx, fmt.Sprintf("SELECT coalesce(%s, ''), count(*) FROM %s GROUP BY 1 ORDER BY 1", day, x.phys))
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		partition := text(id)
		if id == "" {
			partition = "NULL"
		}
		l.rows = append(l.rows, append(place(x.meta), partition, fmt.Sprint(n), fmt.Sprint(n*width(x.meta.Schema.Fields)), millis(int64(x.meta.LastModifiedTime))))
	}
	return rows.Err()
}
