package json

import (
	"bytes"
	stdjson "encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"tapline/exporter/format"
)

var seeds = []string{
	`[]`, `[{}]`, ` [ { "a" : 1 } , { "a" : null } ] `, `{}`, `null`, `[1,"x",null,[],{"a":true}]`,
	`[{"a":1,"alias":2},{"alias":2,"a":1},{"a":null,"alias":"x"},{"a":"\ud800","alias":3}]`,
	`[{"p":{"data":{"When":"$D_1500000000","n":1.5},"id":"x","skip":{"a":"\u0000"},"other":[1,2]}},{"p":"scalar"},{"p":[]}]`,
	`[{"o":{"x":1,"y":{"z":2},"unknown":3}},{"o":5,"x":6},{"o":{"y":7}},{"own":7},{"own":{"z":7}}]`,
	`[{"ts":20260929043022},{"ts":"bad"},{"ts":[1]},{"ts":"x\u00e9"},{"ts":"\udc00"},{"ts":null}]`,
	`[{"a":1,"a":2},{"\u0061":1,"a":2},{"n":{"x":1,"x":2}},{"skip":{"x":1,"x":2}},{"\u0000":1},{"b":{"\ud800":1}}]`,
	`[{"a":-0},{"a":-0.0},{"a":1e400},{"a":9223372036854775807},{"a":9223372036854775808},{"a":0.1234567890123456789},{"a":1.0}]`,
	`[{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"},{"q\"\\":1},{"veto":"yes"},{"veto":1}]`,
	`[{"a":"é李😀"},{"李":1}]`, "[{\"a\":\"\xff\"},{\"\xff\":1},{\"b\":[\"\xc3\"]}]",
	`[{"":1},{"":"\ud800"},{"":"\ud800","a":1,"a":2}]`,
	`[{"a":true,"b":false},{"a":1,"b":2}]`, `[{"a":1},{"a":1]`, `[{"a":tru}]`, `[{"a":01}]`, `[{"a":1.}]`, `[{"a":.5}]`, `[{"a":1e}]`, `[{"a":"` + "\n" + `"}]`,
	`[{"a":$D_1}]`, `[{"d":"$D_"},{"d":"$D_+1"},{"d":"$D_-62135596800"},{"d":"$D_253402300800"},{"d":"$D_1x"},{"d":"\u0024D_1"}]`,
	`[` + strings.Repeat("[", 120) + strings.Repeat("]", 120) + `,{"a":` + strings.Repeat(`{"a":`, 99) + `1` + strings.Repeat("}", 99) + `}]`,
	`[{"a":` + strings.Repeat(`[`, 99) + strings.Repeat("]", 99) + `},{"a":` + strings.Repeat(`[`, 100) + strings.Repeat("]", 100) + `}]`,
	`[{"a":"` + strings.Repeat("x", 300) + `"}]`, `[{"a":{"k0":0,"k1":0,"k2":0,"k3":0,"k4":0,"k5":0,"k6":0,"k7":0,"k8":0,"k9":0,"k10":0,"k11":0,"k12":0,"k13":0,"k14":0,"k15":0,"k16":0,"k17":0,"k16":0}}]`,
}

// FuzzScanner compares what is a document with encoding/json and our own rules.
func FuzzScanner(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) { checkDocument(t, doc) })
}

func checkDocument(t testing.TB, doc []byte) {
	s := NewScanner(doc)
	raw, err := s.Raw()
	if err == nil {
		err = s.Done()
	}
	trimmed := bytes.Trim(doc, " \t\r\n")
	valid := stdjson.Valid(doc)
	if valid {
		valid = rowReason(trimmed, 1) == "" && valueReason(trimmed) == ""
	} else if tooDeepForStd(doc) {
		return
	}
	if valid != (err == nil) {
		t.Fatalf("%q: got %v, want valid = %v", doc, err, valid)
	}
	if err == nil && !bytes.Equal(raw, trimmed) {
		t.Fatalf("%q: got %q", doc, raw)
	}
	if err := pull(NewScanner(doc)); valid != (err == nil) {
		t.Fatalf("%q, pulled: got %v, want valid = %v", doc, err, valid)
	}
}

// pull reads a document value by value.
func pull(s *Scanner) error {
	var value func() error
	value = func() (err error) {
		switch s.Kind() {
		case Object:
			return s.Object(func([]byte) error { return value() })
		case Array:
			return s.Array(func(i int) error {
				if i%5 == 4 {
					return nil // is skipped
				}
				return value()
			})
		case String:
			_, err = s.Text()
		case Number:
			_, err = s.Number()
		case Bool:
			_, err = s.Bool()
		default:
			err = s.Skip()
		}
		return err
	}
	if err := value(); err != nil {
		return err
	}
	return s.Done()
}

// FuzzDecoder compares rows and rejects with those of the reference.
func FuzzDecoder(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	b := format.NewBuilder(format.NewPool(0))
	d := newTestDecoder(b)
	f.Fuzz(func(t *testing.T, doc []byte) { checkRecords(t, b, d, doc) })
}

// FuzzNumber compares what a number becomes.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-0", "1.5", "1e22", "1e23", "123456789012345e-22", "0.30000000000000004", "9007199254740993.0", "5e-324", "4.9e-324", "2.2250738585072011e-308", "1e-400", "179769313486231570000e289"} {
		f.Add(s)
	}
	b := format.NewBuilder(format.NewPool(0))
	d := newTestDecoder(b)
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := strconv.ParseFloat(s, 64); err != nil && !stdjson.Valid([]byte(s)) || len(s) > 200 {
			return
		}
		checkRecords(t, b, d, []byte(`[{"a":`+s+`},{"b":`+s+`},{"b":true}]`))
	})
}

// TestRandomDocuments compares documents made from the same few keys and
// values, some of them damaged.
func TestRandomDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	b := format.NewBuilder(format.NewPool(0))
	d := newTestDecoder(b)
	for range 3000 {
		var doc []byte
		doc = append(doc, '[')
		for i := range r.IntN(5) {
			if i > 0 {
				doc = append(doc, ',')
			}
			doc = randomObject(r, doc, 0)
		}
		doc = append(doc, ']')
		if r.IntN(8) == 0 {
			doc[r.IntN(len(doc))] = "{}[]\",:\\ \x00\xff0"[r.IntN(12)]
		}
		if r.IntN(16) == 0 {
			doc = doc[:r.IntN(len(doc))]
		}
		checkRecords(t, b, d, doc)
		checkDocument(t, doc)
	}
}

func randomObject(r *rand.Rand, doc []byte, depth int) []byte {
	keys := []string{"a", "alias", "p", "data", "id", "skip", "o", "x", "y", "z", "own", `q\"\\`, "ts", "veto", "Ünï", `\u0061`, "one more key", `\u0000`, "\xc3"}
	last := len(keys) - r.IntN(2)*2 // bad keys are for few objects
	doc = append(doc, '{')
	for i := range r.IntN(7) {
		if i > 0 {
			doc = append(doc, ',')
		}
		if r.IntN(9) == 0 {
			doc = append(doc, " \n"...)
		}
		doc = append(doc, '"')
		doc = append(doc, keys[r.IntN(last)]...)
		doc = append(doc, `":`...)
		doc = randomValue(r, doc, depth+1)
	}
	return append(doc, '}')
}

func randomValue(r *rand.Rand, doc []byte, depth int) []byte {
	values := []string{"null", "true", "false", "0", "-7", "1.50", "1e2", "9007199254740993", "18446744073709551616", "0.1234567890123456789", "1E400", `""`, `"x"`, `"longer than sixteen bytes"`, `"\u00e9"`, `"yes"`, `"bad"`, `"$D_1500000000"`, `"$D_x"`, `"\u0000"`, `"\ud800"`, "\"\xff\"", `"李雷"`}
	switch n := r.IntN(len(values) + 8); {
	case n < len(values):
		return append(doc, values[n]...)
	case depth > 4:
		return append(doc, '1')
	case n < len(values)+6:
		return randomObject(r, doc, depth)
	}
	doc = append(doc, '[')
	for i := range r.IntN(3) {
		if i > 0 {
			doc = append(doc, ", "...)
		}
		doc = randomValue(r, doc, depth+1)
	}
	return append(doc, ']')
}
