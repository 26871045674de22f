//go:build cgo && !noduckdb

package bigquerytest

import (
	"fmt"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// updates runs UPDATE t [AS a] SET c = e, ... [FROM ...] WHERE ....
func (s *session) updates(toks []token) error {
	c, n, err := s.target(toks)
	if err != nil {
		return err
	}
	set, where, from := find(toks, "SET"), find(toks, "WHERE"), find(toks, "FROM")
	if where < 0 {
		return badQuery("UPDATE must have a WHERE clause")
	}
	if set != n || from >= 0 && from > where {
		return unexpected(toks, n)
	}
	t := s.translator(toks)
	end := where
	if from >= 0 {
		end = from
	}
	assignments, err := t.assignments(c.table, toks[set+1:end])
	if err != nil {
		return err
	}
	f, others, cond, err := t.restriction(c, toks, end, where)
	if err != nil {
		return err
	}
	if err := s.change(t, c, f); err != nil {
		return err
	}
	text := fmt.Sprintf("UPDATE %s AS %s SET %s", c.table.phys, ident(c.alias), assignments)
	if others != "" {
		if err := s.once(fmt.Sprintf("%s AS %s, %s WHERE %s", c.table.phys, ident(c.alias), others, cond), c.alias); err != nil {
			return err
		}
		text += " FROM " + others
	}
	count, err := s.exec(text + " WHERE " + cond)
	if err == nil {
		s.changed(bq.DmlStatistics{UpdatedRowCount: count})
	}
	return err
}

// restriction translates [FROM ...] WHERE ..., of which the first begins at
// from and the second at where.
func (t *translator) restriction(c change, toks []token, from, where int) (f *frame, others, cond string, err error) {
	f = &frame{filters: map[string]bool{}}
	if c.table.meta.RequirePartitionFilter {
		f.tables = append(f.tables, c.table)
	}
	if from < where {
		if others, err = t.inner(toks[from+1:where], f); err != nil {
			return nil, "", "", err
		}
	}
	f.clause, t.dml = "WHERE", true
	f.filtered(toks[where+1:]...)
	cond, err = t.expression(toks[where+1:], nil)
	return f, others, cond, err
}

// change does what all statements do that change rows: what they read is
// counted and their table held.
func (s *session) change(t *translator, c change, f *frame) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := s.reads(append(t.tables, c.table)); err != nil {
		return err
	}
	return s.hold(c.table, mutates)
}

// assignments translates c = e, ... of SET.
func (t *translator) assignments(table *table, toks []token) (string, error) {
	var out []string
	for _, part := range split(toks, ",") {
		eq := find(part, "=")
		if eq < 1 {
			return "", unexpected(part, 0)
		}
		f := field(table.meta.Schema, part[eq-1].val)
		if f == nil || !part[eq-1].named() {
			return "", badQuery("Column %s is not present in the table", part[eq-1].val)
		}
		v := "NULL"
		if len(part) != eq+2 || !part[eq+1].is("DEFAULT") {
			var err error
			if v, err = t.expression(part[eq+1:], nil); err != nil {
				return "", err
			}
		}
		out = append(out, ident(f.Name)+" = "+v)
	}
	return strings.Join(out, ", "), nil
}

// once refuses when a row of the target has several in what it is joined with.
func (s *session) once(joined, alias string) error {
	if s.dry {
		return nil
	}
	var found int
	text := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s GROUP BY %s.rowid HAVING count(*) > 1 LIMIT 1)", joined, ident(alias))
	if err := s.conn.QueryRowContext(s.ctx, text).Scan(&found); err != nil {
		return explain(err)
	}
	if found > 0 {
		return badQuery("UPDATE/MERGE must match at most one source row for each target row")
	}
	return nil
}

// deletes runs DELETE [FROM] t [AS a] WHERE ....
func (s *session) deletes(toks []token) error {
	if len(toks) > 0 && toks[0].is("FROM") {
		toks = toks[1:]
	}
	c, n, err := s.target(toks)
	if err != nil {
		return err
	}
	if n >= len(toks) || !toks[n].is("WHERE") {
		return badQuery("DELETE must have a WHERE clause")
	}
	t := s.translator(toks)
	f, _, cond, err := t.restriction(c, toks, n, n)
	if err != nil {
		return err
	}
	if err := s.change(t, c, f); err != nil {
		return err
	}
	count, err := s.exec(fmt.Sprintf("DELETE FROM %s AS %s WHERE %s", c.table.phys, ident(c.alias), cond))
	if err == nil {
		s.changed(bq.DmlStatistics{DeletedRowCount: count})
	}
	return err
}

func (s *session) truncates(toks []token) error {
	if s.transaction {
		return badQuery("TRUNCATE TABLE is not supported in a transaction")
	}
	c, n, err := s.target(toks)
	if err != nil {
		return err
	}
	if n != len(toks) {
		return unexpected(toks, n)
	}
	if err := s.hold(c.table, mutates); err != nil {
		return err
	}
	count, err := s.exec("DELETE FROM " + c.table.phys)
	if err == nil {
		s.changed(bq.DmlStatistics{DeletedRowCount: count})
	}
	return err
}

// merges runs MERGE [INTO] t [AS a] USING source [AS b] ON condition WHEN ....
func (s *session) merges(toks []token) error {
	if len(toks) > 0 && toks[0].is("INTO") {
		toks = toks[1:]
	}
	c, n, err := s.target(toks)
	if err != nil {
		return err
	}
	on, when := find(toks, "ON"), find(toks, "WHEN")
	if n >= len(toks) || !toks[n].is("USING") || on < n || when < on {
		return unexpected(toks, n)
	}
	t := s.translator(toks)
	f := &frame{filters: map[string]bool{}, clause: "ON"}
	if c.table.meta.RequirePartitionFilter {
		f.tables = append(f.tables, c.table)
	}
	f.filtered(toks[on+1 : when]...)
	cond, err := t.expression(toks[on+1:when], nil)
	if err != nil {
		return err
	}
	source, err := t.inner(toks[n+1:on], f)
	if err != nil {
		return err
	}
	clauses, matched, err := t.mergeClauses(c, toks[when:])
	if err != nil {
		return err
	}
	if err := s.change(t, c, f); err != nil {
		return err
	}
	if matched {
		err = s.once(fmt.Sprintf("%s AS %s JOIN %s ON %s", c.table.phys, ident(c.alias), source, cond), c.alias)
	}
	if err != nil {
		return err
	}
	return s.mergeRows(fmt.Sprintf("MERGE INTO %s AS %s USING %s ON %s %s", c.table.phys, ident(c.alias), source, cond, clauses))
}

// mergeRows runs a MERGE and counts what it did.
func (s *session) mergeRows(text string) error {
	if s.dry {
		_, err := s.exec(text)
		return err
	}
	rows, err := s.conn.QueryContext(s.ctx, text+" RETURNING merge_action")
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	var d bq.DmlStatistics
	for rows.Next() {
		var action string
		if err := rows.Scan(&action); err != nil {
			return err
		}
		switch action {
		case "INSERT":
			d.InsertedRowCount++
		case "UPDATE":
			d.UpdatedRowCount++
		case "DELETE":
			d.DeletedRowCount++
		}
	}
	if err := rows.Err(); err != nil {
		return explain(err)
	}
	s.changed(d)
	return nil
}

// mergeClauses translates WHEN ... THEN ..., and says whether any of them
// changes rows that match.
func (t *translator) mergeClauses(c change, toks []token) (text string, matched bool, err error) {
	var out []string
	for _, part := range split(toks, "WHEN")[1:] {
		then := find(part, "THEN")
		if then < 1 {
			return "", false, unexpected(part, 0)
		}
		head, n := "WHEN MATCHED", 1
		if part[0].is("NOT") {
			head, n = "WHEN NOT MATCHED BY TARGET", 2
			if len(part) > 3 && part[2].is("BY") && part[3].is("SOURCE", "TARGET") {
				head, n = "WHEN NOT MATCHED BY "+part[3].key, 4
			}
		} else {
			matched = true
		}
		if !part[n-1].is("MATCHED", "SOURCE", "TARGET") {
			return "", false, unexpected(part, n-1)
		}
		if n < then {
			if !part[n].is("AND") {
				return "", false, unexpected(part, n)
			}
			cond, err := t.expression(part[n+1:then], nil)
			if err != nil {
				return "", false, err
			}
			head += " AND (" + cond + ")"
		}
		action, err := t.mergeAction(c, part[then+1:])
		if err != nil {
			return "", false, err
		}
		out = append(out, head+" THEN "+action)
	}
	return strings.Join(out, " "), matched, nil
}

func (t *translator) mergeAction(c change, toks []token) (string, error) {
	switch {
	case len(toks) == 1 && toks[0].is("DELETE"):
		return "DELETE", nil
	case len(toks) > 2 && toks[0].is("UPDATE") && toks[1].is("SET"):
		set, err := t.assignments(c.table, toks[2:])
		return "UPDATE SET " + set, err
	case len(toks) > 1 && toks[0].is("INSERT"):
		return t.mergeInsert(c, toks[1:])
	}
	return "", unexpected(toks, 0)
}

func (t *translator) mergeInsert(c change, toks []token) (string, error) {
	fields := c.table.meta.Schema.Fields
	if toks[0].is("(") {
		end, err := closing(toks, 0)
		if err != nil {
			return "", err
		}
		if fields, err = columnList(c.table, toks[1:end]); err != nil {
			return "", err
		}
		toks = toks[end+1:]
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = ident(f.Name)
	}
	if c.table.byIngestion() {
		return "", badQuery("bigquerytest has no MERGE that inserts into a table partitioned by ingestion time")
	}
	if len(toks) == 0 || !toks[0].is("VALUES") {
		return "", badQuery("bigquerytest has MERGE ... INSERT (columns) VALUES (...) alone")
	}
	list, err := inside(toks[1:])
	if err != nil {
		return "", err
	}
	values, err := t.expression(list, nil)
	return fmt.Sprintf("INSERT (%s) VALUES (%s)", strings.Join(names, ", "), values), err
}
