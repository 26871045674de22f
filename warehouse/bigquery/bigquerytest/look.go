//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"errors"
	"iter"

	"github.com/apache/arrow/go/v15/arrow"
)

// Query answers a SELECT behind the client's back.
func (s *Server) Query(ctx context.Context, query string) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) { yield(nil, errors.New("bigquerytest: query: soon")) }
}

// Exec runs a statement behind the client's back.
func (s *Server) Exec(ctx context.Context, query string) error {
	return errors.New("bigquerytest: exec: soon")
}
