//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// permanent refuses DDL within a transaction.
func (s *session) permanent() error {
	if s.transaction {
		return badQuery("DDL statements are not supported in a transaction, except for those creating or dropping temporary tables or temporary functions.")
	}
	return nil
}

// eat takes the words from the start of toks, if they are there.
func eat(toks *[]token, words ...string) bool {
	if len(*toks) < len(words) {
		return false
	}
	for i, w := range words {
		if !(*toks)[i].is(w) {
			return false
		}
	}
	*toks = (*toks)[len(words):]
	return true
}

// A creation is what a CREATE statement says.
type creation struct {
	replace, temporary, lenient bool // OR REPLACE, TEMP, IF NOT EXISTS
	parts                       []string
	table                       *bq.Table
	query                       []token
}

// creates runs CREATE TABLE and CREATE VIEW.
func (s *session) creates(toks []token) error {
	c := creation{table: &bq.Table{}}
	c.replace = eat(&toks, "OR", "REPLACE")
	c.temporary = eat(&toks, "TEMP") || eat(&toks, "TEMPORARY")
	if c.temporary && !c.replace && eat(&toks, "FUNCTION") {
		return s.createFunction(toks)
	}
	view := eat(&toks, "VIEW")
	if !view && !eat(&toks, "TABLE") {
		return unexpected(toks, 0)
	}
	s.kind = map[bool]string{true: "CREATE_VIEW", false: "CREATE_TABLE"}[view]
	c.lenient = eat(&toks, "IF", "NOT", "EXISTS")
	parts, n, err := path(toks)
	if err != nil {
		return err
	}
	c.parts = parts
	if err := c.clauses(s, toks[n:]); err != nil {
		return err
	}
	if len(c.query) > 0 && !view {
		s.kind = "CREATE_TABLE_AS_SELECT"
	}
	if c.temporary {
		return s.createTemporary(c)
	}
	if err := s.permanent(); err != nil {
		return err
	}
	if view && len(c.query) == 0 || view && len(c.table.Schema.Fields) > 0 {
		return badQuery("bigquerytest has CREATE VIEW name AS query alone, without a list of columns")
	}
	return s.createPermanent(c, view)
}

// clauses reads what follows the name: columns, partitioning, options, query.
func (c *creation) clauses(s *session, toks []token) error {
	c.table.Schema = &bq.TableSchema{}
	for len(toks) > 0 {
		switch {
		case toks[0].is("("):
			end, err := closing(toks, 0)
			if err != nil {
				return err
			}
			if c.table.Schema.Fields, err = s.columns(toks[1:end]); err != nil {
				return err
			}
			toks = toks[end+1:]
		case eat(&toks, "PARTITION", "BY"):
			n := find(toks, "CLUSTER", "OPTIONS", "AS")
			if n < 0 {
				n = len(toks)
			}
			var err error
			if c.table.TimePartitioning, err = partitioning(toks[:n]); err != nil {
				return err
			}
			toks = toks[n:]
		case eat(&toks, "CLUSTER", "BY"):
			c.table.Clustering = &bq.Clustering{}
			for len(toks) > 0 && toks[0].named() && !toks[0].is("OPTIONS", "AS") {
				c.table.Clustering.Fields = append(c.table.Clustering.Fields, toks[0].val)
				toks = toks[1:]
				eat(&toks, ",")
			}
		case toks[0].is("OPTIONS") && len(toks) > 1 && toks[1].is("("):
			end, err := closing(toks, 1)
			if err != nil {
				return err
			}
			if err := s.options(c.table, toks[1:end+1]); err != nil {
				return err
			}
			toks = toks[end+1:]
		case eat(&toks, "AS"):
			c.query = toks
			return nil
		default:
			return unexpected(toks, 0)
		}
	}
	return nil
}

// partitioning reads the expression of PARTITION BY.
func partitioning(toks []token) (*bq.TimePartitioning, error) {
	p := &bq.TimePartitioning{Type: "DAY"}
	switch {
	case len(toks) == 1 && toks[0].named():
		p.Field = toks[0].val
	case len(toks) == 4 && toks[0].is("DATE", "TIMESTAMP_TRUNC") && toks[1].is("("),
		len(toks) == 6 && toks[0].is("TIMESTAMP_TRUNC", "DATE_TRUNC") && toks[4].is("DAY"):
		p.Field = toks[2].val
	default:
		return nil, badQuery("bigquerytest has PARTITION BY column, DATE(column) and TIMESTAMP_TRUNC(column, DAY) alone")
	}
	if strings.HasPrefix(strings.ToUpper(p.Field), "_PARTITION") {
		p.Field = ""
	}
	return p, nil
}

// columns reads a list of columns: name type [NOT NULL] [OPTIONS (...)].
func (s *session) columns(toks []token) ([]*bq.TableFieldSchema, error) {
	var fields []*bq.TableFieldSchema
	for _, part := range splitColumns(toks) {
		f, err := s.column(part)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// splitColumns cuts at commas outside of brackets and <>.
func splitColumns(toks []token) [][]token {
	var parts [][]token
	depth, start := 0, 0
	for i, t := range toks {
		switch {
		case t.is("(", "<", "["):
			depth++
		case t.is(")", ">", "]"):
			depth--
		case depth == 0 && t.is(","):
			parts = append(parts, toks[start:i])
			start = i + 1
		}
	}
	return append(parts, toks[start:])
}

func (s *session) column(toks []token) (*bq.TableFieldSchema, error) {
	if len(toks) < 2 || !toks[0].named() {
		return nil, unexpected(toks, 0)
	}
	f, n, err := parseType(toks[1:])
	if err != nil {
		return nil, err
	}
	f.Name = toks[0].val
	toks = toks[1+n:]
	if eat(&toks, "NOT", "NULL") {
		f.Mode = "REQUIRED"
	}
	if eat(&toks, "OPTIONS") {
		return f, s.columnOptions(f, toks)
	}
	if len(toks) > 0 {
		return nil, unexpected(toks, 0)
	}
	return f, nil
}

// columnOptions sets a column's options, of which there is the description.
func (s *session) columnOptions(f *bq.TableFieldSchema, toks []token) error {
	values, err := s.optionValues(toks)
	if err != nil {
		return err
	}
	for name, v := range values {
		if name != "description" {
			return badQuery("Unknown option: %s", name)
		}
		if f.Description, err = s.words(v); err != nil {
			return err
		}
	}
	return nil
}

// createTemporary makes a table that lasts as long as the script.
func (s *session) createTemporary(c creation) error {
	if len(c.parts) != 1 {
		return badQuery("Temporary tables have names without a dataset")
	}
	if _, exists := s.temporary[strings.ToUpper(c.parts[0])]; exists && !c.replace && !c.lenient {
		return duplicate("Table %s", c.parts[0])
	}
	t := &table{meta: c.table, phys: ident(s.server.name("temporary"))}
	insert := ""
	if len(c.query) > 0 {
		tr := s.translator(c.query)
		rows, err := tr.query(c.query, nil)
		if err != nil {
			return err
		}
		columns, err := describe(s.ctx, s.conn, rows)
		if err != nil {
			return explain(err)
		}
		if c.table.Schema.Fields, err = fieldsOf(columns); err != nil {
			return err
		}
		if err := s.reads(tr.tables); err != nil {
			return err
		}
		insert = "INSERT INTO " + t.phys + " " + rows
	}
	s.temporary[strings.ToUpper(c.parts[0])] = t
	return run(s.ctx, s.conn, strings.Replace(definition(t.phys, t.meta), "CREATE TABLE", "CREATE TEMP TABLE", 1), insert)
}

func (s *session) createPermanent(c creation, view bool) error {
	ref, err := s.reference(c.parts)
	if err != nil {
		return err
	}
	have, err := s.server.table(ref)
	if err == nil && c.lenient {
		return nil
	}
	if err != nil && asProblem(err).code != http.StatusNotFound {
		return err
	}
	if have != nil && have.isView() != view {
		return invalid("%s is not allowed for this operation because it is currently a %s.", shown(ref), have.meta.Type)
	}
	c.table.TableReference = ref
	rows := ""
	switch {
	case view:
		c.table.View = &bq.ViewDefinition{Query: s.textOf(c.query)}
	case len(c.query) > 0:
		if rows, err = s.createFrom(c, ref); err != nil {
			return err
		}
	}
	if s.dry {
		return nil
	}
	if !c.replace {
		have = nil
	} else if have == nil {
		have = &table{} // nothing to replace, and nothing to refuse
	}
	return s.server.createTable(s.ctx, s.owner, c.table, rows, have)
}

// createFrom plans the rows and, unless they are given, the columns of CREATE
// TABLE ... AS.
func (s *session) createFrom(c creation, ref *bq.TableReference) (string, error) {
	tr := s.translator(c.query)
	rows, err := tr.query(c.query, nil)
	if err != nil {
		return "", err
	}
	columns, err := describe(s.ctx, s.conn, rows)
	if err != nil {
		return "", explain(err)
	}
	if len(c.table.Schema.Fields) == 0 {
		if c.table.Schema.Fields, err = namedFields(columns, "CREATE TABLE"); err != nil {
			return "", err
		}
	}
	names := make([]string, 0, len(c.table.Schema.Fields))
	for _, f := range c.table.Schema.Fields {
		names = append(names, ident(f.Name))
	}
	return fmt.Sprintf("INSERT INTO %s (%s) %s", physical(ref.DatasetId, ref.TableId), strings.Join(names, ", "), rows), s.reads(tr.tables)
}

// namedFields are the columns of a query whose columns must have names.
func namedFields(columns []column, what string) ([]*bq.TableFieldSchema, error) {
	for i, c := range columns {
		if !plainName(c.name) {
			return nil, badQuery("%s columns must be named, but column %d has no name", what, i+1)
		}
	}
	return fieldsOf(columns)
}

// textOf is the text of tokens: from the first of them to the end of the last.
func (s *session) textOf(toks []token) string { return s.text[toks[0].offset:toks[len(toks)-1].end] }

// freezeView gives a view the columns that its query has now.
func (s *Server) freezeView(ctx context.Context, m *bq.Table) error {
	if m.View.UseLegacySql {
		return invalid("bigquerytest has views of GoogleSQL alone: useLegacySql must be false")
	}
	if len(m.View.Query) > 256<<10 {
		return invalid("The view's query is longer than 256K characters")
	}
	toks, err := tokens(m.View.Query)
	if err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	d, err := s.dataset(m.TableReference.DatasetId)
	if err != nil {
		return err
	}
	ses := &session{server: s, ctx: ctx, conn: conn, location: d.Location, now: s.opt.Now()}
	for _, t := range toks {
		if t.kind == param {
			return badQuery("Query parameters cannot be used in a view")
		}
	}
	query, err := ses.translator(toks).query(toks, nil)
	if err != nil {
		return err
	}
	columns, err := describe(ctx, conn, query)
	if err != nil {
		return explain(err)
	}
	fields, err := namedFields(columns, "CREATE VIEW")
	if err != nil {
		return err
	}
	m.Schema = &bq.TableSchema{Fields: described(m.Schema, fields)}
	return nil
}

// described keeps the descriptions that columns had.
func described(old *bq.TableSchema, fields []*bq.TableFieldSchema) []*bq.TableFieldSchema {
	for _, f := range fields {
		if was := field(old, f.Name); was != nil {
			f.Description = was.Description
		}
	}
	return fields
}
