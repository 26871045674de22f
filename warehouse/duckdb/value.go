//go:build cgo

package duckdb

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	driverduckdb "github.com/duckdb/duckdb-go/v2"
)

// resultType is the Arrow type that a column of a query comes as, by the
// driver's name of its type.
func resultType(name string) arrow.DataType {
	switch name {
	case "BOOLEAN":
		return arrow.FixedWidthTypes.Boolean
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER":
		return arrow.PrimitiveTypes.Int64
	case "FLOAT", "DOUBLE":
		return arrow.PrimitiveTypes.Float64
	case "DATE":
		return arrow.FixedWidthTypes.Date32
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ":
		return timestampType()
	}
	return arrow.BinaryTypes.String
}

// appendValue appends what the driver scanned of a column, nil as NULL. Kind is
// the driver's name of the column's type.
func appendValue(b array.Builder, kind string, v any) error {
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
		if v, ok := integer(v); ok {
			b.Append(v)
			return nil
		}
	case *array.Float64Builder:
		switch v := v.(type) {
		case float64:
			b.Append(v)
			return nil
		case float32:
			b.Append(float64(v))
			return nil
		}
	case *array.Date32Builder:
		if v, ok := v.(time.Time); ok {
			b.Append(arrow.Date32FromTime(v))
			return nil
		}
	case *array.TimestampBuilder:
		if v, ok := v.(time.Time); ok {
			b.Append(arrow.Timestamp(v.UnixMicro()))
			return nil
		}
	case *array.StringBuilder:
		text, err := textOf(kind, v)
		b.Append(text)
		return err
	}
	return fmt.Errorf("the driver gave a %T for %s", v, b.Type())
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	}
	return 0, false
}

// textOf writes a value of any other type as text; nested ones as JSON.
func textOf(kind string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case *big.Int:
		return v.String(), nil
	case driverduckdb.Decimal:
		return v.String(), nil
	case []byte:
		if kind == "UUID" && len(v) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:]), nil
		}
		return hex.EncodeToString(v), nil
	case time.Time:
		return v.Format("15:04:05.999999"), nil // TIME; the others are timestamps
	}
	text, err := json.Marshal(plain(v))
	if err != nil {
		return "", fmt.Errorf("cannot be written as text: %w", err)
	}
	return string(text), nil
}

// plain is a nested value in types that JSON knows. The entries of a map lose
// their order; what is not a number or a text in JSON becomes a text.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for k := range v {
			object[k] = plain(v[k])
		}
		return object
	case driverduckdb.OrderedMap:
		object := make(map[string]any, v.Len())
		for i, k := range v.Keys() {
			object[fmt.Sprint(k)] = plain(v.Values()[i])
		}
		return object
	case driverduckdb.Decimal:
		return json.Number(v.String())
	case []byte:
		return hex.EncodeToString(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	case float32:
		return plain(float64(v))
	}
	return v
}
