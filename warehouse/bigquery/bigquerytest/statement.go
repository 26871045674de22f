//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// statement runs one statement that is no control of a script.
func (s *session) statement(toks []token) error {
	switch k := toks[0]; {
	case startsQuery(toks):
		s.kind = "SELECT"
		return s.selects(toks)
	case k.is("INSERT"):
		s.kind = "INSERT"
		return s.inserts(toks[1:])
	case k.is("UPDATE"):
		s.kind = "UPDATE"
		return s.updates(toks[1:])
	case k.is("DELETE"):
		s.kind = "DELETE"
		return s.deletes(toks[1:])
	case k.is("MERGE"):
		s.kind = "MERGE"
		return s.merges(toks[1:])
	case k.is("TRUNCATE") && len(toks) > 2 && toks[1].is("TABLE"):
		s.kind = "TRUNCATE_TABLE"
		return s.truncates(toks[2:])
	case k.is("CREATE"):
		return s.creates(toks[1:])
	case k.is("DROP"):
		return s.drops(toks[1:])
	case k.is("ALTER") && len(toks) > 2 && toks[1].is("TABLE"):
		s.kind = "ALTER_TABLE"
		return s.alters(toks[2:])
	}
	return unexpected(toks, 0)
}

// selects runs a query and keeps its rows.
func (s *session) selects(toks []token) error {
	t := s.translator(toks)
	text, err := t.query(toks, nil)
	if err != nil {
		return err
	}
	if err := s.reads(t.tables); err != nil {
		return err
	}
	if !s.dry {
		s.forget()
		s.result, err = s.server.keep(s.ctx, s.conn, text)
		return err
	}
	columns, err := describe(s.ctx, s.conn, text)
	if err != nil {
		return explain(err)
	}
	fields, err := fieldsOf(columns)
	s.result = &result{fields: fields}
	return err
}

// forget drops the rows of a script's earlier query.
func (s *session) forget() {
	if s.result.phys != "" {
		_, _ = s.conn.ExecContext(s.ctx, "DROP TABLE IF EXISTS "+s.result.phys) // else it goes with the server
	}
}

// changed notes what a DML statement did.
func (s *session) changed(d bq.DmlStatistics) {
	s.forget()
	d.ForceSendFields = []string{"InsertedRowCount", "UpdatedRowCount", "DeletedRowCount"}
	s.result = &result{dml: &d}
}

// A change is a DML statement's target.
type change struct {
	table *table
	alias string
}

// target reads the table that a DML statement changes, with its alias.
func (s *session) target(toks []token) (change, int, error) {
	parts, n, err := path(toks)
	if err != nil {
		return change{}, 0, err
	}
	t, err := s.lookup(parts)
	if err != nil {
		return change{}, 0, err
	}
	if t.isView() {
		return change{}, 0, badQuery("Cannot modify view %s", dotted(t.meta.TableReference))
	}
	alias, m := "", 0
	if n < len(toks) && !toks[n].is("VALUES", "ROW") {
		alias, m = aliasOf(toks[n:])
	}
	if alias == "" {
		alias = parts[len(parts)-1]
	}
	return change{t, alias}, n + m, nil
}

// inserts runs INSERT [INTO] t [(columns)] VALUES ... | query.
func (s *session) inserts(toks []token) error {
	if len(toks) > 0 && toks[0].is("INTO") {
		toks = toks[1:]
	}
	c, n, err := s.target(toks)
	if err != nil {
		return err
	}
	fields := c.table.meta.Schema.Fields
	toks = toks[n:]
	if len(toks) > 0 && toks[0].is("(") && !startsQuery(toks) {
		end, err := closing(toks, 0)
		if err != nil {
			return err
		}
		if fields, err = columnList(c.table, toks[1:end]); err != nil {
			return err
		}
		toks = toks[end+1:]
	}
	t := s.translator(toks)
	rows, err := t.rows(toks)
	if err != nil {
		return err
	}
	if err := s.reads(t.tables); err != nil {
		return err
	}
	if err := s.hold(c.table, appends); err != nil {
		return err
	}
	count, err := s.insertInto(c.table, fields, rows, !toks[0].is("VALUES"))
	if err == nil {
		s.changed(bq.DmlStatistics{InsertedRowCount: count})
	}
	return err
}

func columnList(t *table, toks []token) ([]*bq.TableFieldSchema, error) {
	var fields []*bq.TableFieldSchema
	for _, part := range split(toks, ",") {
		if len(part) != 1 || !part[0].named() {
			return nil, unexpected(part, 0)
		}
		f := field(t.meta.Schema, part[0].val)
		if f == nil && t.byIngestion() && strings.EqualFold(part[0].val, ingestion) {
			f = &bq.TableFieldSchema{Name: ingestion, Type: "TIMESTAMP", Mode: "NULLABLE"}
		}
		if f == nil {
			return nil, badQuery("Column %s is not present in table %s", part[0].val, dotted(t.meta.TableReference))
		}
		if slices.Contains(fields, f) {
			return nil, badQuery("INSERT has columns with duplicate name: %s", f.Name)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// rows translates VALUES lists or a query.
func (t *translator) rows(toks []token) (string, error) {
	if len(toks) == 0 || !toks[0].is("VALUES") {
		return t.query(toks, nil)
	}
	var rows []string
	for _, part := range split(toks[1:], ",") {
		list, err := inside(part)
		if err != nil {
			return "", err
		}
		v, err := t.expression(list, nil)
		if err != nil {
			return "", err
		}
		rows = append(rows, "("+v+")")
	}
	return "VALUES " + strings.Join(rows, ", "), nil
}

// insertInto appends rows to columns of a table. With strict, types must be
// those of the columns, or BigQuery must widen them by itself.
func (s *session) insertInto(t *table, fields []*bq.TableFieldSchema, rows string, strict bool) (int64, error) {
	have, err := describe(s.ctx, s.conn, rows)
	if err != nil {
		return 0, explain(err)
	}
	if len(have) != len(fields) {
		return 0, badQuery("Inserted row has wrong column count; Has %d, expected %d", len(have), len(fields))
	}
	var names, values, places []string
	day := t.byIngestion()
	for i, f := range fields {
		place := fmt.Sprintf("c%d", i)
		names, places, values = append(names, ident(f.Name)), append(places, place), append(values, place)
		day = day && f.Name != ingestion
		if from, err := fieldOf(f.Name, have[i].duck); strict && (err != nil || !coerces(from, f) && !strings.Contains(have[i].duck, "NULL")) {
			return 0, badQuery("Query column %d has type %s which cannot be inserted into column %s, which has type %s", i+1, have[i].duck, f.Name, f.Type)
		}
	}
	if day {
		names = append(names, ident(ingestion))
		values = append(values, "TIMESTAMPTZ '"+s.now.UTC().Format("2006-01-02")+" 00:00:00+00'")
	}
	return s.exec(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM (%s) AS q(%s)", t.phys, strings.Join(names, ", "),
		strings.Join(values, ", "), rows, strings.Join(places, ", ")))
}

// coerces reports whether BigQuery makes a value of one type one of the other
// by itself. A column that is NULL throughout is an INTEGER to DuckDB.
func coerces(from, to *bq.TableFieldSchema) bool {
	if from.Mode == "REPEATED" != (to.Mode == "REPEATED") {
		return false
	}
	if from.Type == to.Type {
		return true
	}
	switch from.Type {
	case "INTEGER":
		return to.Type == "NUMERIC" || to.Type == "BIGNUMERIC" || to.Type == "FLOAT"
	case "NUMERIC":
		return to.Type == "BIGNUMERIC" || to.Type == "FLOAT"
	case "BIGNUMERIC":
		return to.Type == "FLOAT"
	}
	return false
}

// resultNames are the names of a query's columns in BigQuery: those without
// one are f0_, f1_, ...
func resultNames(columns []column) []string {
	names, anonymous := make([]string, len(columns)), 0
	for i, c := range columns {
		names[i] = c.name
		if !plainName(c.name) {
			names[i] = fmt.Sprintf("f%d_", anonymous)
			anonymous++
		}
	}
	return names
}

// fieldsOf is the schema of a query's result.
func fieldsOf(columns []column) ([]*bq.TableFieldSchema, error) {
	var fields []*bq.TableFieldSchema
	seen := map[string]bool{}
	for i, name := range resultNames(columns) {
		if seen[lower(name)] {
			return nil, badQuery("Duplicate column names in the result are not supported. Found duplicate(s): %s", name)
		}
		seen[lower(name)] = true
		f, err := fieldOf(name, columns[i].duck)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}
