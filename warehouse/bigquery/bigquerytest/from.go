//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"net/http"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// dotted is a table's name in messages about queries.
func dotted(r *bq.TableReference) string { return r.ProjectId + "." + r.DatasetId + "." + r.TableId }

// path reads a table's name and returns how many tokens it is.
func path(toks []token) (parts []string, n int, err error) {
	for n < len(toks) && toks[n].named() {
		if toks[n].kind == quoted {
			parts = append(parts, strings.Split(toks[n].val, ".")...)
		} else {
			if reserved(toks[n].key) {
				return nil, 0, unexpected(toks, n)
			}
			parts = append(parts, toks[n].val)
		}
		n++
		if n >= len(toks) || !toks[n].is(".") {
			return parts, n, nil
		}
		n++
	}
	return nil, 0, unexpected(toks, n)
}

// reference is the table that a name's parts stand for.
func (s *session) reference(parts []string) (*bq.TableReference, error) {
	ref := &bq.TableReference{ProjectId: s.server.opt.Project, TableId: parts[len(parts)-1]}
	switch len(parts) {
	case 1:
		if s.dataset == "" {
			return nil, badQuery("Table %q must be qualified with a dataset (e.g. dataset.table).", parts[0])
		}
		ref.DatasetId = s.dataset
	case 2:
		ref.DatasetId = parts[0]
	case 3:
		ref.ProjectId, ref.DatasetId = parts[0], parts[1]
	default:
		return nil, badQuery("Invalid table name: %s", strings.Join(parts, "."))
	}
	if strings.Contains(ref.TableId, "$") {
		return nil, badQuery("Table %s: partition decorators are not allowed in GoogleSQL", strings.Join(parts, "."))
	}
	return ref, nil
}

// lookup finds the table that a name's parts stand for, of the script or of a
// dataset in the job's location.
func (s *session) lookup(parts []string) (*table, error) {
	if len(parts) == 1 {
		if t, ok := s.temporary[strings.ToUpper(parts[0])]; ok {
			return t, nil
		}
	}
	ref, err := s.reference(parts)
	if err != nil {
		return nil, err
	}
	d, err := s.server.dataset(ref.DatasetId)
	if err == nil && s.location != "" && !strings.EqualFold(d.Location, s.location) {
		err = notFound("Dataset")
	}
	if err != nil {
		return nil, notFound("Dataset %s:%s was not found in location %s", ref.ProjectId, ref.DatasetId, s.location)
	}
	t, err := s.server.table(ref)
	if p := asProblem(err); err != nil && p.code == http.StatusNotFound {
		err = notFound("Table %s was not found in location %s", shown(ref), s.location)
	}
	return t, err
}

// item translates what a FROM clause names: a table, a subquery, UNNEST.
func (t *translator) item(b *strings.Builder, toks []token, f *frame) (int, error) {
	f.wants = false
	if toks[0].is("(") {
		end, err := closing(toks, 0)
		if err != nil {
			return 0, err
		}
		inner, err := t.inner(toks[1:end], f)
		if err != nil {
			return 0, err
		}
		b.WriteString("(" + inner + ")")
		alias, n := aliasOf(toks[end+1:])
		if alias != "" {
			b.WriteString(" AS " + ident(alias))
		}
		return end + 1 + n, nil
	}
	if toks[0].is("UNNEST") {
		return t.unnest(b, toks, f)
	}
	parts, n, err := path(toks)
	if err != nil {
		return 0, err
	}
	if n < len(toks) && toks[n].is("(") {
		return 0, badQuery("Table-valued function not found: %s", strings.Join(parts, "."))
	}
	alias, m := aliasOf(toks[n:])
	if alias == "" {
		alias = parts[len(parts)-1]
	}
	from, err := t.named(parts, f)
	if err != nil {
		return 0, err
	}
	b.WriteString(from + " AS " + ident(alias))
	return n + m, nil
}

// inner translates the inside of brackets in a FROM clause: a query or joins.
func (t *translator) inner(toks []token, f *frame) (string, error) {
	if startsQuery(toks) {
		return t.query(toks, f.names)
	}
	var b strings.Builder
	f.clause, f.wants = "FROM", true
	for i := 0; i < len(toks); {
		n, err := t.step(&b, toks, i, f)
		if err != nil {
			return "", err
		}
		i += n
	}
	f.clause, f.wants = "FROM", false
	return b.String(), nil
}

// aliasOf reads an alias, if there is one, and how many tokens it is.
func aliasOf(toks []token) (string, int) {
	switch {
	case len(toks) > 1 && toks[0].is("AS") && toks[1].named():
		return toks[1].val, 2
	case len(toks) > 0 && toks[0].named() && (toks[0].kind == quoted || !reserved(toks[0].key)) && !toks[0].is("OFFSET", "FIRST", "LAST"):
		return toks[0].val, 1
	}
	return "", 0
}

// named is what a name in a FROM clause stands for in DuckDB.
func (t *translator) named(parts []string, f *frame) (string, error) {
	if len(parts) == 1 && f.names[strings.ToUpper(parts[0])] {
		return ident(parts[0]), nil
	}
	if from, ok, err := t.information(parts); ok || err != nil {
		return from, err
	}
	found, err := t.lookup(parts)
	if err != nil {
		return "", err
	}
	if found.isView() {
		return t.view(found)
	}
	t.tables = append(t.tables, found)
	if found.meta.RequirePartitionFilter {
		f.tables = append(f.tables, found)
	}
	return t.source(found), nil
}

// source is a table as a query reads it.
func (t *translator) source(found *table) string {
	if !found.byIngestion() && len(found.meta.Schema.Fields) > 0 {
		return found.phys
	}
	var columns []string
	for _, c := range found.meta.Schema.Fields {
		columns = append(columns, ident(c.Name))
	}
	if t.pseudo && found.byIngestion() {
		columns = append(columns, ident(ingestion), "CAST("+ident(ingestion)+" AS DATE) AS "+ident("_PARTITIONDATE"))
	}
	if len(columns) == 0 {
		columns = []string{ident(nothing)}
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM " + found.phys + ")"
}

// maxViews is how deep views may stand on each other.
const maxViews = 16

// view is a view's query, with the columns that it had when it was made.
func (t *translator) view(v *table) (string, error) {
	if t.depth >= maxViews {
		return "", badQuery("Too many nested views/persistent user-defined functions: %s", dotted(v.meta.TableReference))
	}
	toks, err := tokens(v.meta.View.Query)
	if err != nil {
		return "", err
	}
	inner := &session{server: t.server, ctx: t.ctx, conn: t.conn, location: t.location, now: t.now}
	sub := inner.translator(toks)
	sub.depth = t.depth + 1
	query, err := sub.query(toks, nil)
	if err != nil {
		return "", err
	}
	t.tables = append(t.tables, sub.tables...)
	columns := make([]string, len(v.meta.Schema.Fields))
	for i, f := range v.meta.Schema.Fields {
		columns[i] = ident(f.Name)
	}
	// A view of anonymous columns gives them the names that results have.
	have, err := describe(t.ctx, t.conn, query)
	if err != nil {
		return "", explain(err)
	}
	names := resultNames(have)
	for i := range names {
		names[i] = ident(names[i])
	}
	return fmt.Sprintf("(SELECT %s FROM (%s) AS v(%s))", strings.Join(columns, ", "), query, strings.Join(names, ", ")), nil
}

// unnest translates UNNEST(array) [AS name] [WITH OFFSET [AS name]].
func (t *translator) unnest(b *strings.Builder, toks []token, f *frame) (int, error) {
	if len(toks) < 3 || !toks[1].is("(") {
		return 0, unexpected(toks, 1)
	}
	end, err := closing(toks, 1)
	if err != nil {
		return 0, err
	}
	array, err := t.expression(toks[2:end], f.names)
	if err != nil {
		return 0, err
	}
	n := end + 1
	alias, m := aliasOf(toks[n:])
	n += m
	if alias == "" {
		alias = "_unnested"
	}
	columns := "unnest(" + array + ") AS " + ident(alias)
	if n+1 < len(toks) && toks[n].is("WITH") && toks[n+1].is("OFFSET") {
		n += 2
		offset, m := aliasOf(toks[n:])
		n += m
		if offset == "" {
			offset = "offset"
		}
		columns += ", generate_subscripts(" + array + ", 1) - 1 AS " + ident(offset)
	}
	fmt.Fprintf(b, "LATERAL (SELECT %s) AS %s", columns, ident(fmt.Sprintf("_u%d", toks[0].offset)))
	return n, nil
}
