//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"tapline/exporter/bucket"
	"tapline/loader"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// TestViaAgreesOnJSON: lines of JSON that BigQuery loads itself give what they
// give when tapline reads them.
func TestViaAgreesOnJSON(t *testing.T) {
	r := newViaRig(t)
	r.agrees(t, viaJSONCases())
	if read := r.content(); len(read) > 0 {
		t.Errorf("tapline read of the objects: %v", read)
	}
}

// allValues are values of every kind, each in a column of its own kind and in
// columns of mixed kinds.
func allValues() string {
	values := []string{
		`1`, `-7`, `0`, `-0`, `9007199254740992`, `9007199254740993`, `9223372036854775807`, `-9223372036854775808`, `9223372036854775808`, `123456789012345678901234567890`,
		`1.5`, `1.50`, `2.0`, `-0.25`, `-0.0`, `0.0`, `0e0`, `1e5`, `1E+7`, `1.5e-3`, `1.5e-7`, `0.00001`, `123456.75`, `1234567.75`, `-1.5e+300`, `1e15`, `1e16`, `1.0e22`,
		`0.1234567890123456`, `0.12345678901234567`, `123456789012345678.5`, `9007199254740993.0`, `1e400`, `1e-400`,
		`true`, `false`, `null`, `""`, `"text"`, `"true"`, `"12"`, `"  spaced "`, `"a \"quoted\" one"`, `"two\nlines\tand \\ \/"`, `"é"`, `"\u00e9\u20AC"`, `"\ud83d\ude00"`, `"\ufffd"`,
		`"\\u0000 \\ud800"`, `"\u0000"`, `"x\ud800y"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\ufffe"`,
		`"2026-09-01"`, `"2026-09-01T10:20:30Z"`, `"$D_1756700000"`, `"\u0024D_1756700000"`, `"$D_-62135596800"`, `"$D_-62135596801"`, `"$D_253402300800"`, `"$D_0001756700000"`,
		`"$D_00001756700000"`, `"$D_+5"`, `"$D_x"`, `"$D_"`, `[]`, `{}`, `[1, "a\n", {"b":null}]`, `{"a" : {"b":[1,{"a":2},{"a":3}]} }`, `{"bad":"\ud800"}`, `["\u0000"]`,
	}
	var b strings.Builder
	for _, v := range values {
		b.WriteString(`{"each":` + v + `,"same":"x"}` + "\n")
	}
	return b.String()
}

// TestViaAgreesOnAnyJSON: so do records of any values.
func TestViaAgreesOnAnyJSON(t *testing.T) {
	m := jsonRecords{rand.New(rand.NewSource(11))}
	var text strings.Builder
	for range 200 {
		text.WriteString(m.object(3) + m.one("\n", "\n", "\r\n", "\n\n"))
	}
	files := map[string]string{"a.json.gz": text.String()}
	s := newViaRig(t).agrees(t, map[string]viaCase{
		"any":    {bucket.Selection{Files: "*.json.gz"}, loader.Target{}, files},
		"any_of": {bucket.Selection{Files: "*.json.gz", Formats: bucket.Formats{Flatten: true}}, loader.Target{}, files},
		"any_int": {bucket.Selection{Files: "*.json.gz"}, loader.Target{Columns: []loader.ColumnRule{
			{From: "a", Type: "int64"}, {From: "b", Type: "float64"}, {From: "c", Type: "timestamp"}, {From: "d", Type: "date"}, {From: "e", Type: "bool"},
		}}, files},
	})
	if got := s.rows(t, "SELECT COUNT(*) AS n, COUNT(DISTINCT a) > 50 AS several FROM `any`"); got != "200|true" {
		t.Errorf("the table has %s", got)
	}
}

// jsonRecords makes records.
type jsonRecords struct{ *rand.Rand }

func (m jsonRecords) one(of ...string) string { return of[m.Intn(len(of))] }

func (m jsonRecords) digits(most int) string {
	b := make([]byte, 1+m.Intn(most))
	for i := range b {
		b[i] = '0' + byte(m.Intn(10))
	}
	return string(b)
}

func (m jsonRecords) number() string {
	whole := strings.TrimLeft(m.digits(20), "0")
	if whole == "" || m.Intn(3) == 0 {
		whole = "0"
	}
	n := m.one("", "-") + whole
	if m.Intn(2) == 0 {
		n += "." + m.digits(m.Intn(18)+1)
	}
	if m.Intn(3) == 0 {
		n += m.one("e", "E") + m.one("", "+", "-") + fmt.Sprint(m.Intn(m.Intn(290)+1))
	}
	return n
}

func (m jsonRecords) text() string {
	var s strings.Builder
	s.WriteString(m.one("", "", "", "$D_", "2026-09-01", "2026-09-01T10:00:00", "1", "true"))
	for range m.Intn(4) {
		s.WriteString(m.one("a", `\"`, `\\`, "{", "]", ",", ":", " ", `\u00e9`, `\ud83d\ude00`, "é", "Z", ".5", m.digits(10), `\n`, `\/`))
	}
	if m.Intn(20) == 0 {
		s.WriteString(m.one(`\ud800`, `\u0000`, `\\u0000`))
	}
	return `"` + s.String() + `"`
}

func (m jsonRecords) value(depth int) string {
	switch n := m.Intn(12); {
	case n < 4 || depth == 0:
		return m.number()
	case n < 8:
		return m.text()
	case n < 10:
		return m.one("true", "false", "null", "0", "1", `""`)
	case n < 11:
		return m.object(depth - 1)
	}
	return "[" + m.value(depth-1) + m.one("", " ") + "," + m.value(depth-1) + "]"
}

func (m jsonRecords) object(depth int) string {
	var list []string
	for _, key := range []string{"a", "b", `\u0063`, "d", "e"} {
		if m.Intn(4) > 0 {
			list = append(list, `"`+key+`"`+m.one(":", ": ", " :")+m.value(depth))
		}
	}
	m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return "{" + strings.Join(list, m.one(",", ", ")) + "}"
}

// TestViaFaultsOnJSON: whatever request of a load of JSON goes wrong, and however,
// the next run ends with the table of an undisturbed one.
func TestViaFaultsOnJSON(t *testing.T) {
	r := newViaRig(t)
	r.put(t, "1663664837-1663665000-Charged-20260901-0-db.json.gz", "Charged\n"+`{"ts":20260901003000,"eventProps":{"a":1}}`+"\n"+`{"ts":"x","eventProps":{"a":"y","b":"\ud800"}}`+"\n")
	jobs := []bigquerytest.Match{
		{Method: "jobs.insert", Text: "tapline_p_"},       // BigQuery reads the object
		{Method: "jobs.insert", Text: "COUNTIF(REGEXP"},   // whether lines are objects
		{Method: "jobs.insert", Text: "GROUP BY problem"}, // whether they are valid
		{Method: "jobs.insert", Text: "suspects"},         // whether a key is there twice
		{Method: "jobs.insert", Text: "placed AS"},        // the pairs of records
		{Method: "jobs.insert", Text: "DISTINCT path"},    // which objects there are
		{Method: "jobs.insert", Text: "AS objects"},       // the pairs in them
		{Method: "jobs.insert", Text: "GROUP BY path"},    // which keys there are
		{Method: "jobs.insert", Text: "cells AS"},         // records again
		{Method: "jobs.insert", Text: "BIT_OR"},           // which kinds there are
		{Method: "jobs.insert", Text: "value.time"},       // what is put aside
		{Method: "jobs.insert", Text: "BEGIN TRANSACTION;\nSELECT IF"},
	}
	r.withFaults(t, "*.json.gz", jobs, "lost", "applied")
}

// TestViaRefusesJSON: what cannot be read exactly is not loaded at all, and the
// error says what it is, and the remedy.
func TestViaRefusesJSON(t *testing.T) {
	r := newViaRig(t)
	deep := strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)
	const export = "1663664837-1663665000-Charged-20260901-0-db.json"
	for i, c := range []struct {
		text, want string
		sel        bucket.Selection
		target     loader.Target
	}{
		{text: "{\"a\":1}\n{\"a\":2\n", want: "1 of its lines are no valid JSON, as \"{\\\"a\\\":2\""},
		{text: `{"a":01}`, want: "are no valid JSON"},
		{text: `{"a":"x\y"}`, want: "are no valid JSON"},
		{text: `{"a":"x` + "\x01" + `"}`, want: "hold the byte 01"},
		{text: `{"a":"x` + "\x00" + `"}`, want: "are no valid JSON"},
		{text: `{"a":1}{"a":2}`, want: "are several records each"},
		{text: deep, want: "are nested deeper than 16 levels"},
		{text: `[{"a":1}]`, want: "it is lists of records"},
		{text: "[\n{\"a\":1},\n{\"a\":2}\n]\n", want: "2 of its lines are no JSON objects"},
		{text: "{\n\"a\": 1}\n", want: "is no JSON object, and is not the first"},
		{text: "Charged\n", want: "and no records behind it"},
		{text: "Caf\xe9\n{}\n", want: "and no UTF-8"},
		{text: "{\"a\":1}\n\ufeff{\"a\":2}\n", want: "is not the first"},
		{text: strings.Repeat("x", 16000) + "\n{}\n", want: "has more than 15000 characters"},
		{text: `{"a":1,"b":{"c":1},"a":2}`, want: "1 of its objects have a key twice"},
		{text: `{"a":[1,{"b":{},"c":{"b":1},"\u0062":2}]}`, want: "have a key twice, as \"{\\\"b\\\":,"},
		{text: `{"a\ud800":1}`, want: "have keys with a lone surrogate"},
		{text: `{"a":[{"b\u0000":1}]}`, want: "have keys with a lone surrogate"},
		{text: "{\"caf\xe9\":1}", want: "have keys with a lone surrogate"},
		{text: `{"":1}`, want: "a key that is empty"},
		{text: `{"a.b":1}` + "\n" + `{"a":{"b":2}}`, want: "are both the column \"a.b\"", sel: bucket.Selection{Formats: bucket.Formats{Flatten: true}}},
		{text: `{"ts":20260901003000,"eventName":"A","eventProps":{"a":1},"event_props":{"a":1}}`, want: "are both the column", sel: bucket.Selection{Files: export}},
		{text: `{"profile":{"a":1}}`, want: "write layout: plain", sel: bucket.Selection{Files: export}},
		{text: `{"a":1}`, want: "layout: is clevertap", sel: bucket.Selection{Layout: "clevertap"}},
		{text: "Caf\ufffd\n" + `{"ts":20260901003000}`, want: "and no UTF-8", sel: bucket.Selection{Files: export}},
		{text: `"\ufffd"` + "\n" + `{"ts":20260901003000}`, want: "holds U+FFFD", sel: bucket.Selection{Files: export}},
		{text: "{}", want: "compressed by zstd", sel: bucket.Selection{Files: "a.json.zst"}},
		{text: "{}", want: "the order of a file's rows", target: loader.Target{Mode: warehouse.Merge, Key: []string{"id"}}},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			if c.sel.Files == "" {
				c.sel.Files = "a.json"
			}
			c.sel.Files = fmt.Sprintf("%d/%s", i, c.sel.Files)
			r.put(t, c.sel.Files, c.text)
			c.target.Table = "t"
			s := r.scene(t, true, []loader.Target{c.target}, c.sel)
			sum := s.run(t)
			if len(sum.Failures) != 1 || !strings.Contains(sum.Failures[0].Err.Error(), c.want) {
				t.Errorf("failures %v, want %s", sum.Failures, c.want)
			}
		})
	}
}

func viaJSONCases() map[string]viaCase {
	plain, flat := bucket.Selection{Files: "*.json.gz"}, bucket.Selection{Files: "*.json.gz", Formats: bucket.Formats{Flatten: true}}
	into := loader.Target{}
	typed := `{"id":1,"i":12,"f":1.50,"b":true,"t":"$D_1756700000","mixed":1,"none":null,"phone":"007","email":"a@x.org","whole":2.0}` + "\n" +
		`{"id":2,"i":-3,"f":2,"b":false,"t":"$D_1756700001","mixed":true,"phone":"123","email":"B@x.org","whole":3}` + "\n" +
		`{"id":3,"f":0.25,"t":null,"mixed":0}` + "\n"
	later := `{"id":4,"i":"x","f":7,"b":1,"t":"2026-09-02","mixed":2.5,"new value":"n1","phone":12.0,"email":"c@x.org"}` + "\n" +
		`{"id":5,"i":1.0,"f":9007199254740993,"b":"maybe","t":"2026-09-02 10:00:00","mixed":"text","new value":"n2","phone":true,"whole":1.25}` + "\n" +
		`{"id":6,"i":"","f":true,"b":"TRUE","t":"2026-09-02T00:00:00.5+05:30","phone":"2026-09-01","email":"d@x.org"}` + "\n" +
		`{"id":7,"i":true,"f":"2.50","b":"","t":"2026-09-02T1:00:00,25Z","phone":[1],"email":{"a":1}}` + "\n" +
		`{"id":8,"i":"12","f":"x","b":{},"t":"noon","phone":1e400,"email":"\u0000"}` + "\n"
	nested := `{"a":{"b":1,"c":{"d":"x","e":[1,{"f":2}]},"g":{}},"h":[{"a":1},{"a":2}]}` + "\n" +
		`{"a":null,"h":{"i":2.5}}` + "\n" + `{"a":"none","h":null}` + "\n" + `{ "a" : { "b" : "y" , "c" : 7 } , "k \u00e9\"\\.": { "" : [ ] } }` + "\n{}\n"
	export := "1663664837-1663665000-Order Placed-20260901-0-db.json.gz"
	events := `{"profile":{"identity":7,"name":"Ann","email":"$D_1756700000","platform":{"a":1},"new":1.5},"ts":20260901003000,"eventProps":{"Amount":12.50,"When":"$D_1756700000","Items":[{"n":1},{"n":2}]},"deviceInfo":{"make":"x","dimensions":{"width":1,"height":{"cm":2}}},"sessionProps":{"a":"b"}}` + "\n" +
		`{"profile":{"identity":"008"},"ts":"20260901240000","eventProps":{},"deviceInfo":{"dimensions":"big"},"other":{"x":1}}` + "\n" +
		`{"profile":"me","ts":1756700000,"eventProps":null,"other":"y"}` + "\n" + `{"ts":null,"profile":{"objectId":12.0}}` + "\n" + `{"ts":"\ud800"}` + "\n" + `{"ts":{"a":1}}` + "\n"
	return map[string]viaCase{
		"every":  {plain, into, map[string]string{"a.json.gz": allValues()}},
		"later":  {plain, into, map[string]string{"a.json.gz": typed, "b.json.gz": later}},
		"frozen": {plain, loader.Target{Contract: loader.Freeze}, map[string]string{"a.json.gz": `{"id":1,"a":2}`, "b.json.gz": `{"id":2,"b":true}` + "\n" + `{"id":3,"b":""}` + "\n" + `{"id":3.5}`}},
		"rules": {plain, loader.Target{Mode: warehouse.Snapshot, Columns: []loader.ColumnRule{
			{From: "email", Hash: "sha256"}, {From: "t", Hash: "sha256"}, {From: "whole", Hash: "sha256"}, {From: "f", Drop: true}, {From: "i", Type: "float64", Rename: "number"},
			{From: "phone", Type: "int64"}, {From: "mixed", Type: "string"},
		}}, map[string]string{"a.json.gz": typed + later}},
		"nested":    {plain, into, map[string]string{"a.json.gz": nested}},
		"flattened": {flat, into, map[string]string{"a.json.gz": nested}},
		"lines":     {bucket.Selection{Files: "*.ndjson"}, into, map[string]string{"a.ndjson": "\ufeff{\"a\":1}\r\n\r\n  \r\n\t{ \"a\" : 2 } \r\n{\"a\":\"caf\u00e9\"}", "b.ndjson": "\n \n"}},
		"facts":     {bucket.Selection{Files: "*.json", FileColumns: []string{"*"}}, into, map[string]string{"1663664837-1663665000-Charged-20260901-7-db.json": "Charged\n" + `{"a":1,"file.name":"mine"}`}},
		"export":    {bucket.Selection{Files: "*-*.json.gz", FileColumns: []string{"name"}}, into, map[string]string{export: "\"Order Placed\"\n\n" + events}},
		"named":     {bucket.Selection{Files: "*-*.json.gz"}, into, map[string]string{export: strings.ReplaceAll(events, `"ts":`, `"eventName":"$D_1","ts":`)}},
		"deeper":    {bucket.Selection{Files: "*-*.json.gz", Formats: bucket.Formats{Flatten: true}}, into, map[string]string{export: "Order Placed\r\n" + events}},
		"pinned":    {bucket.Selection{Files: "*.json", Layout: "clevertap"}, into, map[string]string{"x.json": `{"ts":20260901003000,"eventName":"A","event_props":{"a":1},"session_props":{"b":2}}`}},
	}
}
