//go:build cgo && !noduckdb

package bigquerytest

import (
	"net/http"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// drops runs DROP TABLE and DROP VIEW.
func (s *session) drops(toks []token) error {
	view := eat(&toks, "VIEW")
	if !view && !eat(&toks, "TABLE") {
		return unexpected(toks, 0)
	}
	s.kind = map[bool]string{true: "DROP_VIEW", false: "DROP_TABLE"}[view]
	lenient := eat(&toks, "IF", "EXISTS")
	parts, n, err := path(toks)
	if err != nil {
		return err
	}
	if n != len(toks) {
		return unexpected(toks, n)
	}
	if t, ok := s.temporary[strings.ToUpper(parts[0])]; ok && len(parts) == 1 {
		delete(s.temporary, strings.ToUpper(parts[0]))
		return run(s.ctx, s.conn, "DROP TABLE IF EXISTS "+t.phys)
	}
	if err := s.permanent(); err != nil {
		return err
	}
	t, err := s.lookup(parts)
	switch p := asProblem(err); {
	case err != nil && p.code == http.StatusNotFound && lenient:
		return nil
	case err != nil:
		return err
	case t.isView() != view:
		return invalid("%s is not allowed for this operation because it is currently a %s.", shown(t.meta.TableReference), t.meta.Type)
	case s.dry:
		return nil
	}
	return s.server.dropTable(s.ctx, s.owner, t.meta.TableReference)
}

// An alteration is an ALTER TABLE: the table as it is to be, and how rows get there.
type alteration struct {
	s     *session
	t     *table
	want  *bq.Table
	steps []string
}

// alters runs ALTER TABLE [IF EXISTS] t action, ....
func (s *session) alters(toks []token) error {
	if err := s.permanent(); err != nil {
		return err
	}
	lenient := eat(&toks, "IF", "EXISTS")
	parts, n, err := path(toks)
	if err != nil {
		return err
	}
	t, err := s.lookup(parts)
	if err != nil {
		if lenient && asProblem(err).code == http.StatusNotFound {
			return nil
		}
		return err
	}
	if err := s.hold(t, alters); err != nil {
		return err
	}
	if t, err = s.lookup(parts); err != nil { // as it is now that it is held
		return err
	}
	want, err := clone(t.meta)
	if err != nil {
		return err
	}
	a := &alteration{s: s, t: t, want: want}
	for _, action := range splitColumns(toks[n:]) {
		if err := a.action(action); err != nil {
			return err
		}
	}
	if err := checkTable(a.want); err != nil {
		return err
	}
	if s.dry {
		return nil
	}
	if err := run(s.ctx, s.conn, a.steps...); err != nil {
		return err
	}
	s.server.put(a.want)
	return nil
}

func (a *alteration) action(toks []token) error {
	switch {
	case eat(&toks, "ADD", "COLUMN"):
		return a.add(toks)
	case eat(&toks, "DROP", "COLUMN"):
		return a.drop(toks)
	case eat(&toks, "ALTER", "COLUMN"):
		return a.alter(toks)
	case eat(&toks, "SET", "OPTIONS"):
		return a.s.options(a.want, toks)
	}
	return unexpected(toks, 0)
}

func (a *alteration) add(toks []token) error {
	lenient := eat(&toks, "IF", "NOT", "EXISTS")
	f, err := a.s.column(toks)
	if err != nil {
		return err
	}
	switch {
	case field(a.want.Schema, f.Name) != nil && lenient:
		return nil
	case field(a.want.Schema, f.Name) != nil:
		return badQuery("Column already exists: %s", f.Name)
	case f.Mode == "REQUIRED":
		return badQuery("ADD COLUMN with NOT NULL is not supported: %s", f.Name)
	}
	a.want.Schema.Fields = append(a.want.Schema.Fields, f)
	a.steps = append(a.steps, "ALTER TABLE "+a.t.phys+" ADD COLUMN "+ident(f.Name)+" "+duckType(f))
	return nil
}

func (a *alteration) drop(toks []token) error {
	lenient := eat(&toks, "IF", "EXISTS")
	if len(toks) != 1 {
		return unexpected(toks, 0)
	}
	for i, f := range a.want.Schema.Fields {
		if strings.EqualFold(f.Name, toks[0].val) {
			a.want.Schema.Fields = append(a.want.Schema.Fields[:i:i], a.want.Schema.Fields[i+1:]...)
			a.steps = append(a.steps, "ALTER TABLE "+a.t.phys+" DROP COLUMN "+ident(f.Name))
			return nil
		}
	}
	if lenient {
		return nil
	}
	return badQuery("Column not found: %s", toks[0].val)
}

// alter changes one column: its type to a wider one, its mode, its description.
func (a *alteration) alter(toks []token) error {
	lenient := eat(&toks, "IF", "EXISTS")
	if len(toks) < 3 || !toks[0].named() {
		return unexpected(toks, 0)
	}
	f := field(a.want.Schema, toks[0].val)
	if f == nil {
		if lenient {
			return nil
		}
		return badQuery("Column not found: %s", toks[0].val)
	}
	toks = toks[1:]
	switch {
	case eat(&toks, "SET", "DATA", "TYPE"):
		to, n, err := parseType(toks)
		if err != nil || n != len(toks) {
			return unexpected(toks, n)
		}
		if !coerces(f, to) || a.partitions(f.Name) && f.Type != to.Type {
			return badQuery("ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type (%s) is assignable to the new type (%s)", f.Type, to.Type)
		}
		f.Type, f.Precision, f.Scale = to.Type, to.Precision, to.Scale
		a.steps = append(a.steps, "ALTER TABLE "+a.t.phys+" ALTER COLUMN "+ident(f.Name)+" SET DATA TYPE "+duckType(f))
	case eat(&toks, "DROP", "NOT", "NULL"):
		if f.Mode == "REQUIRED" {
			f.Mode = "NULLABLE"
			a.steps = append(a.steps, "ALTER TABLE "+a.t.phys+" ALTER COLUMN "+ident(f.Name)+" DROP NOT NULL")
		}
	case eat(&toks, "SET", "OPTIONS"):
		return a.s.columnOptions(f, toks)
	default:
		return unexpected(toks, 0)
	}
	return nil
}

// partitions reports whether the table's partitions or clusters stand on the column.
func (a *alteration) partitions(name string) bool {
	if p := a.want.TimePartitioning; p != nil && strings.EqualFold(p.Field, name) {
		return true
	}
	return false
}

// optionValues reads (name = value, ...).
func (s *session) optionValues(toks []token) (map[string][]token, error) {
	list, err := inside(toks)
	values := map[string][]token{}
	if err != nil || len(list) == 0 {
		return values, err
	}
	for _, part := range split(list, ",") {
		if len(part) < 3 || !part[0].named() || !part[1].is("=") {
			return nil, unexpected(part, 0)
		}
		values[lower(part[0].val)] = part[2:]
	}
	return values, nil
}

// options sets a table's options.
func (s *session) options(m *bq.Table, toks []token) error {
	values, err := s.optionValues(toks)
	if err != nil {
		return err
	}
	for name, v := range values {
		switch name {
		case "description":
			m.Description, err = s.words(v)
		case "friendly_name":
			m.FriendlyName, err = s.words(v)
		case "require_partition_filter":
			m.RequirePartitionFilter, err = s.truth(v)
		case "expiration_timestamp":
			m.ExpirationTime, err = s.expiration(v)
		case "labels":
			m.Labels, err = labels(v)
		default:
			return badQuery("Unknown option: %s (or bigquerytest does not have it)", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expiration evaluates a timestamp to milliseconds; NULL is 0.
func (s *session) expiration(toks []token) (int64, error) {
	if len(toks) == 1 && toks[0].is("NULL") {
		return 0, nil
	}
	v, err := s.words(toks)
	if err != nil {
		return 0, err
	}
	t, err := time.Parse("2006-01-02 15:04:05.999999-07", v)
	if err != nil {
		return 0, badQuery("expiration_timestamp: %s is not a TIMESTAMP", v)
	}
	return t.UnixMilli(), nil
}

// labels reads [('key', 'value'), ...].
func labels(toks []token) (map[string]string, error) {
	list, err := inside(toks)
	out := map[string]string{}
	if err != nil || len(list) == 0 {
		return out, err
	}
	for _, part := range split(list, ",") {
		if len(part) != 5 || part[1].kind != str || part[3].kind != str {
			return nil, unexpected(part, 0)
		}
		out[part[1].val] = part[3].val
	}
	return out, nil
}
