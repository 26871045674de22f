package bigquery

import (
	"context"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// tapline makes no NUMERIC columns. Where a table has them, because somebody
// widened INT64 to hold money exactly, they are text to the loader: no digit is
// lost on the way, and here each value is proven to fit, since BigQuery rounds.

// A decimal is what a NUMERIC or BIGNUMERIC column holds: digits after the point.
type decimal struct {
	Type  string
	Scale int64
}

// decimalOf tells whether a column is one, and what it holds.
func decimalOf(f *bq.FieldSchema) (decimal, bool) {
	if f.Repeated {
		return decimal{}, false
	}
	switch {
	case f.Type != bq.NumericFieldType && f.Type != bq.BigNumericFieldType:
		return decimal{}, false
	case f.Precision > 0: // NUMERIC(P, S); S may be 0
		return decimal{string(f.Type), f.Scale}, true
	case f.Type == bq.NumericFieldType:
		return decimal{string(f.Type), 9}, true
	}
	return decimal{string(f.Type), 38}, true
}

// decimal is that of the table's column of that name.
func (t *target) decimal(name string) (decimal, bool) {
	i, ok := t.index[name]
	if !ok {
		return decimal{}, false
	}
	return decimalOf(t.Schema[i])
}

// holds reports whether the table's column at i takes the values of another.
func (t *target) holds(i int, want arrow.DataType) bool {
	if _, ok := decimalOf(t.Schema[i]); ok && (want.ID() == arrow.INT64 || want.ID() == arrow.FLOAT64) {
		return true
	}
	return holds(t.columns[i].Type, want)
}

// hasDecimals reports whether columns of the load go into exact decimal ones.
func (x *loading) hasDecimals() bool {
	for _, c := range x.l.Columns {
		if _, ok := x.table.decimal(c.Name); ok {
			return true
		}
	}
	return false
}

// stageRows stages the load's rows in the types of the table. Ids is as for
// newStage.
func (x *loading) stageRows(ctx context.Context, ids func(try int) string) (string, error) {
	stage, err := x.newStage(ctx, x.l.Table, x.l.Columns, x.l.Parts, ids)
	if err != nil {
		return "", err
	}
	return x.inDecimals(ctx, stage)
}

// inDecimals is a staging table in the types of the table: the one given, where
// there is nothing to change.
func (x *loading) inDecimals(ctx context.Context, stage string) (string, error) {
	if !x.hasDecimals() {
		return stage, nil
	}
	type column struct {
		decimal
		Name  string
		Index int
	}
	columns := make([]column, len(x.l.Columns))
	for i, c := range x.l.Columns {
		columns[i] = column{Name: c.Name, Index: i}
		columns[i].decimal, _ = x.table.decimal(c.Name)
	}
	to := fresh(stagePrefix)
	x.stages = append(x.stages, to)
	sql, err := text("stage_decimal", map[string]any{"To": to, "Stage": stage, "Columns": columns})
	if err == nil {
		err = x.w.repeat(ctx, sql, nil)
	}
	if n, ok := mark(err, "decimal"); ok && len(n) > 0 && n[0] < int64(len(columns)) {
		return "", notExact(x.l.Table, columns[n[0]].Name, columns[n[0]].decimal, x.l.Columns[n[0]].Type)
	}
	return to, err
}

func notExact(table, column string, d decimal, want arrow.DataType) error {
	return &warehouse.SchemaError{Table: table, Column: column, Have: d.Type, Want: typeWord(want),
		Reason: fmt.Sprintf("a value is no number, or has more digits than the column (%d after the point), and would be rounded", d.Scale)}
}

var numeral = regexp.MustCompile(`^[+-]?[0-9]{1,80}(\.[0-9]{1,80})?([eE][+-]?[0-9]{1,3})?$`)

// fits reports whether the column holds the number that text writes, digit for
// digit.
func (d decimal) fits(text string) bool {
	if !numeral.MatchString(text) {
		return false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return false
	}
	scaled := r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(d.Scale), nil)))
	return scaled.IsInt() && len(strings.TrimLeft(scaled.Num().String(), "-")) <= map[string]int{"NUMERIC": 38, "BIGNUMERIC": 76}[d.Type]
}
