//go:build cgo && !noduckdb

package bigquerytest

import (
	"strconv"

	bq "google.golang.org/api/bigquery/v2"
)

// parseType reads a type, and returns how many tokens it is.
func parseType(toks []token) (*bq.TableFieldSchema, int, error) {
	if len(toks) == 0 || toks[0].kind != word {
		return nil, 0, unexpected(toks, 0)
	}
	switch {
	case toks[0].is("ARRAY") && len(toks) > 1 && toks[1].is("<"):
		f, n, err := parseType(toks[2:])
		if err != nil || n+2 >= len(toks) || !toks[n+2].is(">") || f.Mode == "REPEATED" {
			return nil, 0, unexpected(toks, min(n+2, len(toks)))
		}
		f.Mode = "REPEATED"
		return f, n + 3, nil
	case toks[0].is("STRUCT") && len(toks) > 1 && toks[1].is("<"):
		return parseStruct(toks)
	}
	return parseScalar(toks)
}

// parseScalar reads the name of a scalar type, with its length or precision.
func parseScalar(toks []token) (*bq.TableFieldSchema, int, error) {
	k, ok := kindNamed(toks[0].key)
	if !ok || toks[0].is("INTEGER", "FLOAT") {
		return nil, 0, badQuery("Type not found: %s", toks[0].val)
	}
	f := &bq.TableFieldSchema{Type: k.rest, Mode: "NULLABLE"}
	if len(toks) < 2 || !toks[1].is("(") {
		return f, 1, nil
	}
	end, err := closing(toks, 1)
	if err != nil {
		return nil, 0, err
	}
	for i, part := range split(toks[2:end], ",") {
		v := int64(0)
		if len(part) == 1 {
			v, err = strconv.ParseInt(part[0].val, 10, 64)
		}
		switch {
		case v <= 0 && i == 0 || err != nil:
			return nil, 0, unexpected(toks, 2)
		case k.rest == "STRING" || k.rest == "BYTES":
			f.MaxLength = v
		case i == 0:
			f.Precision = v
		default:
			f.Scale = v
		}
	}
	return f, end + 1, nil
}

func parseStruct(toks []token) (*bq.TableFieldSchema, int, error) {
	f := &bq.TableFieldSchema{Type: "RECORD", Mode: "NULLABLE"}
	for n := 2; n+1 < len(toks); {
		if !toks[n].named() {
			break
		}
		sub, m, err := parseType(toks[n+1:])
		if err != nil {
			return nil, 0, err
		}
		sub.Name = toks[n].val
		f.Fields = append(f.Fields, sub)
		n += m + 1
		switch {
		case n < len(toks) && toks[n].is(">"):
			return f, n + 1, nil
		case n < len(toks) && toks[n].is(","):
			n++
		default:
			return nil, 0, unexpected(toks, n)
		}
	}
	return nil, 0, unexpected(toks, len(toks))
}
