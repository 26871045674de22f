package postgres

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tapline/warehouse"
)

// encode writes parameters in PostgreSQL's text format; the server knows their
// types from the statement.
func encode(args []any) ([][]byte, error) {
	out := make([][]byte, len(args))
	for i, a := range args {
		text, null, err := encodeArg(a)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		if !null {
			out[i] = []byte(text)
		}
	}
	return out, nil
}

func encodeArg(a any) (text string, null bool, err error) {
	switch a := a.(type) {
	case nil:
		return "", true, nil
	case string:
		if strings.ContainsRune(a, 0) {
			return "", false, fmt.Errorf("holds U+0000, which PostgreSQL does not store")
		}
		return a, false, nil
	case bool:
		return strconv.FormatBool(a), false, nil
	case int:
		return strconv.Itoa(a), false, nil
	case int32:
		return strconv.FormatInt(int64(a), 10), false, nil
	case int64:
		return strconv.FormatInt(a, 10), false, nil
	case float64:
		return strconv.FormatFloat(a, 'g', -1, 64), false, nil
	case []byte:
		return string(a), false, nil
	case time.Time:
		return warehouse.Micros(a).Format("2006-01-02T15:04:05.999999Z07:00"), false, nil
	case []string:
		return arrayOf(a), false, nil
	case []int64:
		list := make([]string, len(a))
		for i, v := range a {
			list[i] = strconv.FormatInt(v, 10)
		}
		return "{" + strings.Join(list, ",") + "}", false, nil
	}
	return "", false, fmt.Errorf("a %T cannot be one", a)
}

// arrayOf is a list as the literal of an array.
func arrayOf(list []string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = `"` + escape.Replace(s) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}

// scan reads values in text format into dest: *string (NULL = ""), *bool,
// *int64, *time.Time in UTC (NULL = the zero one) and *sql.NullTime.
func scan(values [][]byte, dest []any) error {
	if len(values) != len(dest) {
		return fmt.Errorf("%d columns came, want %d", len(values), len(dest))
	}
	for i, v := range values {
		if err := scanValue(v, dest[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func scanValue(v []byte, dest any) (err error) {
	text := string(v)
	switch d := dest.(type) {
	case *string:
		*d = text
	case *warehouse.Mode:
		*d = warehouse.Mode(text)
	case *warehouse.FileState:
		*d = warehouse.FileState(text)
	case *bool:
		*d = text == "t"
	case *int64:
		*d = 0
		if v != nil {
			*d, err = strconv.ParseInt(text, 10, 64)
		}
	case *time.Time:
		*d = time.Time{}
		if v != nil {
			*d, err = parseTime(text)
		}
	case *sql.NullTime:
		*d = sql.NullTime{}
		if v != nil {
			d.Valid = true
			d.Time, err = parseTime(text)
		}
	default:
		err = fmt.Errorf("no way to read into a %T", dest)
	}
	return err
}

// parseTime reads a date or a timestamp as the settings of a transaction let
// them be written: ISO, in UTC.
func parseTime(text string) (time.Time, error) {
	if len(text) == len(time.DateOnly) {
		return time.Parse(time.DateOnly, text)
	}
	t, err := time.Parse("2006-01-02 15:04:05.999999-07", text)
	return t.UTC(), err
}
