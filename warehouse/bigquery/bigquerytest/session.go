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

// A session runs one query job: a statement or a script.
type session struct {
	server *Server
	ctx    context.Context
	conn   *sql.Conn
	owner  any // of locks

	text              string // of the job
	dataset, location string // names without a dataset; "" = none
	now               time.Time
	params            map[string]string       // by name in lower case: values in DuckDB's dialect
	variables         map[string]*variable    // by name in capitals
	temporary         map[string]*table       // by name in capitals
	functions         map[string]userFunction // by name in capitals
	billable          int64                   // the most bytes that may be read; 0 = any number
	dry               bool                    // nothing is to be changed

	transaction bool
	statements  int
	kind        string // of the last statement
	bytes       int64
	result      *result
	raised      string // the message of the error that a handler handles
}

// A variable is one of a script's; value is in DuckDB's dialect.
type variable struct {
	duck, value string
	field       *bq.TableFieldSchema
}

// query does a query job.
func (s *Server) query(ctx context.Context, j *job) (*bq.JobStatistics, *result, error) {
	c := j.config.Query
	if c.UseLegacySql == nil || *c.UseLegacySql {
		return nil, nil, badQuery("bigquerytest has GoogleSQL alone: useLegacySql must be false")
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	ses := &session{
		server: s, ctx: ctx, conn: conn, owner: j, location: j.key.location, now: s.opt.Now(), params: map[string]string{},
		variables: map[string]*variable{}, temporary: map[string]*table{}, billable: c.MaximumBytesBilled, dry: j.config.DryRun,
	}
	defer ses.close()
	if c.DefaultDataset != nil {
		ses.dataset = c.DefaultDataset.DatasetId
	}
	if err := ses.bind(j.params); err != nil {
		return nil, nil, err
	}
	if err := ses.run(c.Query); err != nil {
		return nil, nil, err
	}
	if c.DestinationTable != nil && !ses.dry {
		if err := ses.deliver(c); err != nil {
			return nil, nil, err
		}
	}
	if ses.result.phys != "" {
		s.remember(ctx, ses.result.phys)
	}
	return ses.statistics(c), ses.result, nil
}

// statistics are the job's, with what the statements did.
func (s *session) statistics(c *bq.JobConfigurationQuery) *bq.JobStatistics {
	kind := s.kind
	if s.statements > 1 {
		kind = "SCRIPT"
	}
	q := &bq.JobStatistics2{
		StatementType: kind, TotalBytesProcessed: s.bytes, TotalBytesBilled: billed(s.bytes), DmlStats: s.result.dml,
		ForceSendFields: []string{"TotalBytesProcessed", "TotalBytesBilled"},
	}
	if d := s.result.dml; d != nil {
		q.NumDmlAffectedRows = d.InsertedRowCount + d.UpdatedRowCount + d.DeletedRowCount
		q.ForceSendFields = append(q.ForceSendFields, "NumDmlAffectedRows")
	}
	if s.dry {
		q.Schema = &bq.TableSchema{Fields: s.result.fields}
	}
	return &bq.JobStatistics{Query: q, TotalBytesProcessed: s.bytes, ForceSendFields: []string{"TotalBytesProcessed"}}
}

// billed is what a query costs: 10 MB at least when it reads anything.
func billed(bytes int64) int64 {
	const least = 10 << 20
	if bytes == 0 {
		return 0
	}
	return max(bytes, least)
}

// close ends what a script left open.
func (s *session) close() {
	ctx := context.WithoutCancel(s.ctx)
	if s.transaction {
		_, _ = s.conn.ExecContext(ctx, "ROLLBACK")
	}
	for _, t := range s.temporary {
		_, _ = s.conn.ExecContext(ctx, "DROP TABLE IF EXISTS "+t.phys)
	}
	s.forgetFunctions(ctx)
	s.server.locks.drop(s.owner)
	_ = s.conn.Close() // back to the pool
}

// dryRun checks a query and says what it would read. It leaves no job behind.
func (s *Server) dryRun(ctx context.Context, j *job) (*job, error) {
	if j.config.Query == nil {
		return nil, invalid("dryRun is for queries")
	}
	stats, res, err := s.query(ctx, j)
	if err != nil {
		return nil, err
	}
	close(j.done)
	j.cancel = func() {}
	j.started, j.ended, j.stats, j.result = j.created, s.opt.Now(), stats, res
	return j, nil
}

// reads counts the tables that a statement reads, against the limit too.
func (s *session) reads(tables []*table) error {
	n, err := s.server.bytesOf(s.ctx, slices.DeleteFunc(slices.Clone(tables), func(t *table) bool { return t.meta.TableReference == nil }))
	if err != nil {
		return err
	}
	s.bytes += n
	if need := billed(s.bytes); s.billable > 0 && need > s.billable && !s.dry {
		return refuse(http.StatusBadRequest, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: %d. %d or higher required.", s.billable, need)
	}
	return nil
}

// hold holds a table for the rest of the statement, or of the transaction.
func (s *session) hold(t *table, how hold) error {
	if s.dry || t.meta.TableReference == nil {
		return nil
	}
	conflict, err := s.server.locks.take(s.ctx, s.owner, t.key(), held{how, s.transaction})
	if err == nil && conflict {
		err = aborted(shown(t.meta.TableReference), "")
	}
	return err
}

// release gives tables back after a statement that is no part of a transaction.
func (s *session) release() {
	if !s.transaction {
		s.server.locks.drop(s.owner)
	}
}

// exec runs a statement of DuckDB. A dry run only has it planned.
func (s *session) exec(text string) (int64, error) {
	if s.dry {
		text = "EXPLAIN " + text
	}
	r, err := s.conn.ExecContext(s.ctx, text)
	if err != nil {
		return 0, explain(err)
	}
	return r.RowsAffected()
}

// value evaluates an expression to one value in DuckDB's dialect.
func (s *session) value(toks []token) (*variable, error) {
	t := s.translator(toks)
	expr, err := t.expression(toks, nil)
	if err != nil {
		return nil, err
	}
	columns, err := describe(s.ctx, s.conn, "SELECT "+expr+" AS v")
	if err != nil {
		return nil, explain(err)
	}
	f, err := fieldOf("v", columns[0].duck)
	if err != nil {
		return nil, err
	}
	if err := s.reads(t.tables); err != nil {
		return nil, err
	}
	v := &variable{duck: duckType(f), field: f}
	var literal sql.NullString
	err = s.conn.QueryRowContext(s.ctx, "SELECT CAST(CAST("+expr+" AS "+v.duck+") AS VARCHAR)").Scan(&literal)
	v.value = "CAST(NULL AS " + v.duck + ")"
	if literal.Valid {
		v.value = "CAST(" + text(literal.String) + " AS " + v.duck + ")"
	}
	return v, explain(err)
}

// truth evaluates a condition; NULL is false.
func (s *session) truth(toks []token) (bool, error) {
	v, err := s.value(toks)
	if err != nil {
		return false, err
	}
	if v.duck != "BOOLEAN" {
		return false, badQuery("a condition is of type %s, not BOOL", v.field.Type)
	}
	return strings.Contains(v.value, "'true'"), nil
}

// words evaluates an expression to text.
func (s *session) words(toks []token) (string, error) {
	expr, err := s.translator(toks).expression(toks, nil)
	if err != nil {
		return "", err
	}
	var out sql.NullString
	err = s.conn.QueryRowContext(s.ctx, "SELECT CAST("+expr+" AS VARCHAR)").Scan(&out)
	return out.String, explain(err)
}

// begin starts a transaction.
func (s *session) begin() error {
	if s.transaction {
		return badQuery("Transaction is already in progress; nested transactions are not supported")
	}
	if s.dry {
		return nil
	}
	_, err := s.conn.ExecContext(s.ctx, "BEGIN TRANSACTION")
	s.transaction = err == nil
	return explain(err)
}

// finish commits or rolls back.
func (s *session) finish(how string) error {
	if s.dry {
		return nil
	}
	if !s.transaction {
		return badQuery("Cannot %s: there is no transaction in progress", strings.ToLower(how))
	}
	_, err := s.conn.ExecContext(s.ctx, how)
	s.transaction = false
	s.release()
	return explain(err)
}

// deliver writes the result to the job's destination table.
func (s *session) deliver(c *bq.JobConfigurationQuery) error {
	if s.result.phys == "" {
		return badQuery("a job with a destination table must be one SELECT")
	}
	if err := checkDispositions(c.WriteDisposition, c.CreateDisposition); err != nil {
		return err
	}
	to, err := s.server.parseTarget(c.DestinationTable)
	if err != nil {
		return err
	}
	if !to.day.IsZero() {
		return invalid("partition decorators of a query's destination are not served by bigquerytest")
	}
	have, err := s.server.table(to.ref)
	rows := fmt.Sprintf("INSERT INTO %s SELECT * FROM %s", physical(to.ref.DatasetId, to.ref.TableId), s.result.phys)
	switch {
	case err != nil && (c.CreateDisposition == "CREATE_NEVER" || asProblem(err).code != http.StatusNotFound):
		return err
	case err == nil && c.WriteDisposition == "WRITE_APPEND":
		if err := s.hold(have, appends); err != nil {
			return err
		}
		_, err := s.insertInto(have, have.meta.Schema.Fields, "SELECT * FROM "+s.result.phys, true)
		return err
	case err == nil && c.WriteDisposition != "WRITE_TRUNCATE":
		if n, err := s.server.countRows(s.ctx, have); err != nil || n > 0 {
			return errors.Join(err, duplicate("Table %s", shown(to.ref)))
		}
	}
	m := &bq.Table{TableReference: to.ref, Schema: &bq.TableSchema{Fields: s.result.fields}}
	return s.server.createTable(s.ctx, s.owner, m, rows, &table{})
}
