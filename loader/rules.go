package loader

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
	"tapline/warehouse"
)

// rules are the column rules of a target, by vendor name.
type rules struct {
	by      map[string]ColumnRule
	renames map[string]string
	types   map[string]arrow.DataType
}

func newRules(list []ColumnRule) (rules, error) {
	r := rules{by: map[string]ColumnRule{}, renames: map[string]string{}, types: map[string]arrow.DataType{}}
	for _, c := range list {
		r.by[c.From] = c
		if c.Rename != "" {
			r.renames[c.From] = c.Rename
		}
		if c.Type != "" {
			t, err := warehouse.ParseType(c.Type)
			if err != nil {
				return rules{}, fmt.Errorf("loader: column rule for %q: %w", c.From, err)
			}
			r.types[c.From] = t
		}
		switch c.Hash {
		case "", "sha256":
		case "hmac-sha256":
			if len(c.HashKey) == 0 {
				return rules{}, fmt.Errorf("loader: column rule for %q: hmac-sha256 needs a key", c.From)
			}
		default:
			return rules{}, fmt.Errorf("loader: column rule for %q: hash %q: want sha256 or hmac-sha256", c.From, c.Hash)
		}
	}
	return r, nil
}

// fingerprint tells rules apart that store other things: what is dropped and
// what is hashed, and with which key. Names and types are settled later.
func (r rules) fingerprint() string {
	var texts []string
	for _, source := range slices.Sorted(maps.Keys(r.by)) {
		if rule := r.by[source]; rule.Drop || rule.Hash != "" {
			texts = append(texts, source, strconv.FormatBool(rule.Drop), rule.Hash, newHasher(ColumnRule{}).text(string(rule.HashKey)))
		}
	}
	return digest(16, texts...)
}

// apply drops and hashes columns of a batch, its rejected cells included. The
// caller releases the record, which may be nil as the batch's may.
func (r rules) apply(mem memory.Allocator, b exporter.Batch) (arrow.Record, []exporter.Kinds, []exporter.Reject) {
	if b.Record == nil {
		return nil, nil, r.applyRejects(b.Rejects)
	}
	var (
		fields []arrow.Field
		cols   []arrow.Array
		kinds  []exporter.Kinds
	)
	for i, f := range b.Record.Schema().Fields() {
		rule := r.by[f.Name]
		if rule.Drop {
			continue
		}
		col, kind := b.Record.Column(i), b.Kinds[i]
		if rule.Hash != "" {
			col, kind = hashed(mem, col, kind, rule), exporter.Text
			f.Type = col.DataType()
			defer col.Release()
		}
		fields, cols, kinds = append(fields, f), append(cols, col), append(kinds, kind)
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, b.Record.NumRows()), kinds, r.applyRejects(b.Rejects)
}

func (r rules) applyRejects(in []exporter.Reject) []exporter.Reject {
	out := in[:0:0]
	for _, rej := range in {
		rule := r.by[rej.Column]
		switch {
		case rej.Column == "":
		case rule.Drop:
			continue
		case rule.Hash != "":
			rej.Raw = newHasher(rule).text(rej.Raw)
		}
		out = append(out, rej)
	}
	return out
}

// A hasher makes hashes of one rule.
type hasher struct {
	h   hash.Hash
	sum []byte
}

func newHasher(rule ColumnRule) *hasher {
	if rule.Hash == "hmac-sha256" {
		return &hasher{h: hmac.New(sha256.New, rule.HashKey)}
	}
	return &hasher{h: sha256.New()}
}

func (h *hasher) text(s string) string {
	h.h.Reset()
	h.h.Write([]byte(s))
	h.sum = h.h.Sum(h.sum[:0])
	return hex.EncodeToString(h.sum)
}

// hashed replaces every value by the hash of its canonical text; NULL stays.
func hashed(mem memory.Allocator, in arrow.Array, k exporter.Kinds, rule ColumnRule) arrow.Array {
	h, b := newHasher(rule), array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(in.Len())
	for i := range in.Len() {
		if in.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(h.text(cellText(in, k, i)))
		}
	}
	return b.NewArray()
}
