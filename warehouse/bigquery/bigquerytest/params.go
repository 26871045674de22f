//go:build cgo && !noduckdb

package bigquerytest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// A parameter is a query parameter on the wire. The client's own types do not
// tell NULL from the empty text.
type parameter struct {
	Name           string
	ParameterType  paramType
	ParameterValue paramValue
}

type paramType struct {
	Type        string
	ArrayType   *paramType
	StructTypes []struct {
		Name string
		Type paramType
	}
}

type paramValue struct {
	Value        *string
	ArrayValues  []paramValue
	StructValues map[string]paramValue
}

// parameters reads the query parameters of a request's body.
func parameters(body []byte) ([]parameter, error) {
	var b struct {
		QueryParameters []parameter
		Configuration   struct {
			Query struct{ QueryParameters []parameter }
		}
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, refuse(400, "parseError", "Invalid JSON payload received: %v", err)
	}
	return append(b.QueryParameters, b.Configuration.Query.QueryParameters...), nil
}

// bind makes the job's parameters values in DuckDB's dialect.
func (s *session) bind(params []parameter) error {
	for _, p := range params {
		if p.Name == "" {
			return badQuery("bigquerytest has named query parameters alone")
		}
		f, err := p.ParameterType.field()
		if err != nil {
			return err
		}
		v, err := p.ParameterValue.literal(f)
		if err != nil {
			return err
		}
		if s.params[lower(p.Name)] = v; f.Mode == "REPEATED" && f.Type == "RECORD" {
			// Each mention of a long list would have DuckDB plan the whole of it.
			variable := "tapline_p_" + hex.EncodeToString([]byte(lower(p.Name)))
			if _, err := s.conn.ExecContext(s.ctx, "SET VARIABLE "+variable+" = "+v); err != nil {
				return explain(err)
			}
			s.params[lower(p.Name)] = "getvariable(" + text(variable) + ")"
		}
	}
	return nil
}

// field is the parameter's type as a column would have it.
func (t paramType) field() (*bq.TableFieldSchema, error) {
	switch {
	case t.Type == "ARRAY" && t.ArrayType != nil:
		f, err := t.ArrayType.field()
		if err == nil {
			f.Mode = "REPEATED"
		}
		return f, err
	case t.Type == "STRUCT":
		f := &bq.TableFieldSchema{Type: "RECORD", Mode: "NULLABLE"}
		for _, sub := range t.StructTypes {
			c, err := sub.Type.field()
			if err != nil {
				return nil, err
			}
			c.Name = sub.Name
			f.Fields = append(f.Fields, c)
		}
		return f, nil
	}
	k, ok := kindNamed(t.Type)
	if !ok {
		return nil, badQuery("query parameters of type %s are not served by bigquerytest", t.Type)
	}
	return &bq.TableFieldSchema{Type: k.rest, Mode: "NULLABLE"}, nil
}

func (v paramValue) literal(f *bq.TableFieldSchema) (string, error) {
	var inner []string
	switch {
	case f.Mode == "REPEATED":
		one := *f
		one.Mode = "NULLABLE"
		for _, e := range v.ArrayValues {
			l, err := e.literal(&one)
			if err != nil {
				return "", err
			}
			inner = append(inner, l)
		}
		return "CAST([" + strings.Join(inner, ", ") + "] AS " + duckType(f) + ")", nil
	case f.Type == "RECORD":
		for _, sub := range f.Fields {
			l, err := v.StructValues[sub.Name].literal(sub)
			if err != nil {
				return "", err
			}
			inner = append(inner, ident(sub.Name)+" := "+l)
		}
		return "struct_pack(" + strings.Join(inner, ", ") + ")", nil
	case v.Value == nil:
		return "CAST(NULL AS " + duckType(f) + ")", nil
	case f.Type == "BYTES":
		b, err := base64.StdEncoding.DecodeString(*v.Value)
		if err != nil {
			return "", badQuery("Invalid value for a BYTES parameter: %v", err)
		}
		return blobText(b), nil
	case strings.ContainsRune(*v.Value, 0):
		return "", badQuery("bigquerytest has no strings with NUL")
	}
	k, _ := kindNamed(f.Type)
	if k.sql == "STRING" {
		return text(*v.Value), nil
	}
	return castMacro(k, text(*v.Value), false), nil
}

// param is the value of @name.
func (s *session) param(name string) (string, error) {
	switch v, ok := s.params[lower(name)]; {
	case ok:
		return v, nil
	case lower(name) == "@row_count":
		return s.rowCount(), nil
	case lower(name) == "@error.message":
		return text(s.raised), nil
	}
	return "", badQuery("Query parameter '%s' not found", name)
}
