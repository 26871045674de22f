package bigquery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	bq "cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// A row reads the values of a result in turn. Err is the first that was of
// another type than asked for.
type row struct {
	values []bq.Value
	at     int
	err    error
}

func next[T any](r *row) T {
	var zero T
	if r.at >= len(r.values) {
		r.err = fmt.Errorf("a result has %d columns, and %d are wanted", len(r.values), r.at+1)
		return zero
	}
	v := r.values[r.at]
	r.at++
	if v == nil {
		return zero
	}
	t, ok := v.(T)
	if !ok && r.err == nil {
		r.err = fmt.Errorf("column %d of a result is a %T, want a %T", r.at, v, zero)
	}
	return t
}

func (r *row) int() int64      { return next[int64](r) }
func (r *row) text() string    { return next[string](r) }
func (r *row) time() time.Time { return utc(next[time.Time](r)) }

// day is a DATE, zero for NULL.
func (r *row) day() time.Time {
	d := next[civil.Date](r)
	if d == (civil.Date{}) {
		return time.Time{}
	}
	return d.In(time.UTC)
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// resultType is the Arrow type that a column of a query comes as.
func resultType(f *bq.FieldSchema) arrow.DataType {
	if f.Repeated {
		return arrow.BinaryTypes.String
	}
	switch f.Type {
	case bq.BooleanFieldType:
		return arrow.FixedWidthTypes.Boolean
	case bq.IntegerFieldType:
		return arrow.PrimitiveTypes.Int64
	case bq.FloatFieldType:
		return arrow.PrimitiveTypes.Float64
	case bq.DateFieldType:
		return arrow.FixedWidthTypes.Date32
	case bq.TimestampFieldType:
		return timestampType()
	}
	return arrow.BinaryTypes.String
}

// appendValue appends a value of a result, nil as NULL.
func appendValue(b array.Builder, v bq.Value) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		if v, ok := v.(bool); ok {
			b.Append(v)
			return nil
		}
	case *array.Int64Builder:
		if v, ok := v.(int64); ok {
			b.Append(v)
			return nil
		}
	case *array.Float64Builder:
		if v, ok := v.(float64); ok {
			b.Append(v)
			return nil
		}
	case *array.Date32Builder:
		if v, ok := v.(civil.Date); ok {
			b.Append(arrow.Date32FromTime(v.In(time.UTC)))
			return nil
		}
	case *array.TimestampBuilder:
		if v, ok := v.(time.Time); ok {
			b.Append(arrow.Timestamp(v.UnixMicro()))
			return nil
		}
	case *array.StringBuilder:
		text, err := textOf(v)
		b.Append(text)
		return err
	}
	return fmt.Errorf("BigQuery gave a %T for %s", v, b.Type())
}

// textOf writes a value of any other type as text; lists and records as JSON.
func textOf(v bq.Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case *big.Rat:
		return plainDecimal(v), nil
	case fmt.Stringer: // DATETIME, TIME, INTERVAL
		return v.String(), nil
	}
	text, err := json.Marshal(plain(v))
	if err != nil {
		return "", fmt.Errorf("cannot be written as text: %w", err)
	}
	return string(text), nil
}

// plainDecimal writes a NUMERIC or BIGNUMERIC without zeros at its end.
func plainDecimal(v *big.Rat) string {
	if v.IsInt() {
		return v.Num().String()
	}
	text := v.FloatString(38)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	return text
}

// plain is a nested value in types that JSON knows.
func plain(v bq.Value) any {
	switch v := v.(type) {
	case []bq.Value:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case *big.Rat:
		return json.Number(plainDecimal(v))
	case fmt.Stringer:
		return v.String()
	}
	return v
}
