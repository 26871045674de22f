//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"regexp"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

func (s *Server) query(ctx context.Context, j *job) (*bq.JobStatistics, *result, error) {
	text := regexp.MustCompile("`?([A-Za-z_0-9]+)`?\\.`?([A-Za-z_0-9]+)`?\\.`?([A-Za-z_0-9]+)`?").ReplaceAllStringFunc(j.config.Query.Query, func(m string) string {
		p := strings.Split(strings.ReplaceAll(m, "`", ""), ".")
		return physical(p[1], p[2])
	})
	text = strings.ReplaceAll(text, "`", `"`)
	if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(text)), "SELECT") {
		res, err := s.keep(ctx, s.db, text)
		return &bq.JobStatistics{Query: &bq.JobStatistics2{StatementType: "SELECT"}}, res, err
	}
	r, err := s.db.ExecContext(ctx, text)
	if err != nil {
		return nil, nil, explain(err)
	}
	n, err := r.RowsAffected()
	return &bq.JobStatistics{Query: &bq.JobStatistics2{StatementType: "DML", NumDmlAffectedRows: n}}, &result{}, err
}

func (s *Server) dryRun(ctx context.Context, j *job) (*job, error) { return nil, badQuery("dry run") }

func (s *Server) freezeView(ctx context.Context, m *bq.Table) error { return badQuery("views") }
