package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// A lender gives a warehouse, and what to call when it is no longer needed.
type lender func() (w warehouse.Warehouse, done func() error, err error)

// textsOf runs SQL in a warehouse and yields the texts of the first column,
// NULLs left out: the ids that a source is to read.
func textsOf(lend lender) func(context.Context, string) iter.Seq2[string, error] {
	return func(ctx context.Context, sql string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			more := true
			err := lent(lend, func(q warehouse.Querier) error {
				for rec, err := range q.Query(ctx, sql) {
					if err != nil {
						return err
					}
					if more, err = eachText(rec, yield); err != nil || !more {
						return err
					}
				}
				return nil
			})
			if err != nil && more {
				yield("", err)
			}
		}
	}
}

// lent lends a warehouse to f.
func lent(lend lender, f func(warehouse.Querier) error) error {
	w, done, err := lend()
	if err != nil {
		return err
	}
	q, ok := w.(warehouse.Querier)
	if !ok {
		return errors.Join(errors.New("the warehouse answers no queries"), done())
	}
	return errors.Join(f(q), done())
}

// eachText yields the first column of a record, and reports whether to go on.
func eachText(rec arrow.Record, yield func(string, error) bool) (more bool, err error) {
	if rec.NumCols() == 0 {
		return true, nil
	}
	col := rec.Column(0)
	for i := range col.Len() {
		if col.IsNull(i) {
			continue
		}
		var text string
		switch c := col.(type) {
		case *array.String:
			text = c.Value(i)
		case *array.Int64:
			text = strconv.FormatInt(c.Value(i), 10)
		default:
			return true, fmt.Errorf("the first column, %s, has values of type %s: cast it to text", rec.ColumnName(0), warehouse.TypeName(col.DataType()))
		}
		if !yield(text, nil) {
			return false, nil
		}
	}
	return true, nil
}
