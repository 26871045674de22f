package json

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tapline/exporter"
)

// The reference does what the Decoder does, slowly, on top of encoding/json.

// A value is a cell, by its canonical text.
type value struct {
	kind exporter.Kinds
	text string
}

// A reference collects rows and rejects.
type reference struct {
	rows    []map[string]value
	read    int64
	rejects []exporter.Reject

	row   map[string]value // kind 0 = NULL that was set
	cells []exporter.Reject
	bad   string
	place string
}

func (r *reference) records(doc []byte) {
	var raws []stdjson.RawMessage
	if err := stdjson.Unmarshal(doc, &raws); err != nil {
		panic(err)
	}
	for i, raw := range raws {
		r.record(raw, fmt.Sprint("record ", i))
	}
}

func (r *reference) record(raw []byte, place string) {
	r.row, r.cells, r.bad, r.place = map[string]value{}, nil, "", place
	root := testNode(r.convert)
	if raw[0] != '{' {
		r.bad = ReasonNotObject
	} else {
		r.object(&root, "", raw)
	}
	if r.bad == "" {
		r.bad = rowReason(raw, 1)
	}
	for _, c := range r.cells {
		if c.Column == "" && r.bad == "" {
			r.bad = c.Reason // a cell that a reject cannot name
		}
	}
	if r.bad == "" && len(raw) > testMaxRecord {
		r.bad = ReasonTooLarge
	}
	if _, ok := r.row["veto"]; ok && r.bad == "" {
		r.bad = "test.veto"
	}
	if r.bad != "" {
		r.rejects = append(r.rejects, exporter.Reject{Row: r.read, Reason: r.bad, Place: place, Raw: refStorable(raw)})
	} else {
		r.rejects = append(r.rejects, r.cells...)
		r.rows = append(r.rows, r.row)
	}
	r.read++
}

func (r *reference) object(n *Node, path string, raw []byte) {
	for _, m := range members(raw) {
		key, reason := refString(m.key)
		if reason != "" {
			continue // rowReason tells
		}
		under := key
		if path != "" {
			under = path + "." + key
		}
		i := slices.IndexFunc(n.Fields, func(f Field) bool { return f.Key == key })
		if i < 0 {
			r.leaf(&Node{Dates: n.Dates}, n.Rest+key, m.value)
			continue
		}
		f := &n.Fields[i].Node
		isObject := len(f.Fields) > 0 || f.Rest != ""
		switch {
		case isObject && m.value[0] == '{' && !f.Skip:
			r.object(f, under, m.value)
		case f.Column != "":
			r.leaf(f, f.Column, m.value)
		case f.Rest != "":
			r.leaf(f, strings.TrimSuffix(f.Rest, "."), m.value)
		default:
			r.leaf(f, under, m.value)
		}
	}
}

func (r *reference) leaf(n *Node, column string, raw []byte) {
	if n.Skip || raw[0] == 'n' {
		return
	}
	reason := valueReason(raw)
	if reason == "" && n.Convert != nil {
		text := string(raw)
		if raw[0] == '"' {
			text, _ = refString(raw)
		}
		if reason = n.Convert(kindOf(raw[0]), []byte(text)); reason == "" {
			return
		}
	}
	_, had := r.row[column]
	if reason == "" && had {
		reason = ReasonDuplicateColumn
	}
	if reason == "" {
		r.row[column] = refValue(n, raw)
		return
	}
	if !had {
		r.row[column] = value{}
	}
	r.cells = append(r.cells, exporter.Reject{Row: r.read, Column: column, Reason: reason, Place: r.place, Raw: refStorable(raw)})
}

// convert is the Convert hook of the reference: see testNode.
func (r *reference) convert(column, text string) bool {
	if _, had := r.row[column]; had {
		return false
	}
	r.row[column] = value{exporter.Text, text}
	return true
}

func refValue(n *Node, raw []byte) value {
	switch raw[0] {
	case 't', 'f':
		return value{exporter.Bool, string(raw)}
	case '{', '[':
		return value{exporter.Text, string(raw)}
	case '"':
		s, _ := refString(raw)
		if digits, ok := strings.CutPrefix(s, "$D_"); ok && n.Dates && len(digits) <= 13 {
			v, err := strconv.ParseInt(digits, 10, 64)
			if err == nil && v >= -62135596800 && v <= 253402300799 {
				return value{exporter.Time, string(exporter.AppendTime(nil, v*1e6))}
			}
		}
		return value{exporter.Text, s}
	}
	return refNumber(string(raw))
}

func refNumber(raw string) value {
	if !strings.ContainsAny(raw, ".eE") {
		v, err := strconv.ParseInt(raw, 10, 64)
		switch {
		case err != nil:
			return value{exporter.Text, raw}
		case v > exporter.Exact || v < -exporter.Exact:
			return value{exporter.Long, strconv.FormatInt(v, 10)}
		}
		return value{exporter.Int, strconv.FormatInt(v, 10)}
	}
	mantissa, exp, _ := strings.Cut(strings.ToLower(raw), "e")
	if e, err := strconv.Atoi(exp); strings.Trim(mantissa, "-0.") != "" && exp != "" && (err != nil || e > 5000 || e < -5000) {
		return value{exporter.Text, raw}
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(f, 0) {
		return value{exporter.Text, raw}
	}
	if strings.Trim(mantissa, "-0.") != "" {
		sent, ok1 := new(big.Rat).SetString(raw)
		kept, ok2 := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
		if !ok1 || !ok2 || sent.Cmp(kept) != 0 {
			return value{exporter.Text, raw}
		}
	}
	return value{exporter.Float, string(exporter.AppendFloat(nil, f))}
}

type member struct{ key, value []byte }

// members takes a valid object apart.
func members(raw []byte) (out []member) {
	d := stdjson.NewDecoder(bytes.NewReader(raw))
	token := func() {
		if _, err := d.Token(); err != nil {
			panic(err)
		}
	}
	for token(); d.More(); {
		from := d.InputOffset()
		token()
		key := raw[from:d.InputOffset()]
		var v stdjson.RawMessage
		if err := d.Decode(&v); err != nil {
			panic(err)
		}
		out = append(out, member{key[bytes.IndexByte(key, '"'):], v})
	}
	return out
}

// rowReason tells why no row can hold a valid value, depth levels deep.
func rowReason(raw []byte, depth int) string {
	if raw[0] != '{' && raw[0] != '[' {
		return ""
	}
	if depth > MaxDepth {
		return ReasonTooDeep
	}
	if raw[0] == '[' {
		var elements []stdjson.RawMessage
		if err := stdjson.Unmarshal(raw, &elements); err != nil {
			panic(err)
		}
		for _, e := range elements {
			if reason := rowReason(e, depth+1); reason != "" {
				return reason
			}
		}
		return ""
	}
	met := map[string]bool{}
	for _, m := range members(raw) {
		key, reason := refString(m.key)
		switch {
		case reason != "":
			return ReasonBadKey
		case met[key]:
			return ReasonDuplicateKey
		}
		met[key] = true
		if reason := rowReason(m.value, depth+1); reason != "" {
			return reason
		}
	}
	return ""
}

// valueReason tells why no cell can hold a valid value.
func valueReason(raw []byte) string {
	var reasons []string
	var walk func(raw []byte)
	walk = func(raw []byte) {
		switch raw[0] {
		case '"':
			_, reason := refString(raw)
			reasons = append(reasons, reason)
		case '[':
			var elements []stdjson.RawMessage
			if err := stdjson.Unmarshal(raw, &elements); err != nil {
				panic(err)
			}
			for _, e := range elements {
				walk(e)
			}
		case '{':
			for _, m := range members(raw) {
				walk(m.value)
			}
		}
	}
	walk(raw)
	for _, reason := range []string{ReasonInvalidUTF8, ReasonNUL} {
		if slices.Contains(reasons, reason) {
			return reason
		}
	}
	return ""
}

// refString reads a valid string and tells why no column can hold it.
func refString(raw []byte) (s, reason string) {
	if err := stdjson.Unmarshal(raw, &s); err != nil {
		panic(err)
	}
	// encoding/json makes U+FFFD of what is no character; one that was sent is fine.
	sent := strings.Count(string(raw), "\ufffd")
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			if i++; raw[i] == 'u' && strings.EqualFold(string(raw[i+1:i+5]), "fffd") {
				sent++
			}
		}
	}
	switch {
	case strings.Count(s, "\ufffd") != sent:
		return s, ReasonInvalidUTF8
	case strings.Contains(s, "\x00"):
		return s, ReasonNUL
	}
	return s, ""
}

func refStorable(raw []byte) string {
	var b strings.Builder
	for i, r := range string(raw) {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(string(raw[i:]), "\ufffd"), r == 0:
			fmt.Fprintf(&b, `\x%02x`, raw[i])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// columns shows the rows as look shows a batch.
func (r *reference) columns() []column {
	kinds := map[string]exporter.Kinds{}
	for _, row := range r.rows {
		for name, v := range row {
			kinds[name] |= v.kind
		}
	}
	maps.DeleteFunc(kinds, func(_ string, k exporter.Kinds) bool { return k == 0 })
	var out []column
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		c := column{Name: name, Kinds: kinds[name].String()}
		for _, row := range r.rows {
			if v := row[name]; v.kind != 0 {
				c.Cells = append(c.Cells, v.text)
			} else {
				c.Cells = append(c.Cells, "<null>")
			}
		}
		out = append(out, c)
	}
	return out
}
