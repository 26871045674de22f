package clevertap

import (
	"encoding/json"
	"testing"
)

// FuzzPairs: the pairs of a valid object are its members, each as it is written.
func FuzzPairs(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `{"a":1}`, `{ "a" : [1,{"b":"}"}] , "c\"\\":{"d":null} }`, `{"":true,"x":-1.5e3,"é":"\ud800"}`,
		`[1,2]`, `1`, `"text"`, `null`, ``, `{`, `{"a"`, `{"a":`, `{"a":"`, `{"a":1,,}`, `}`, `{"a\`, `{:}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		type member struct{ key, value string }
		var got []member
		for k, v := range pairs([]byte(text)) {
			got = append(got, member{string(k), string(v)})
		}
		var all map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &all) != nil || all == nil {
			return // only that it ends
		}
		last := map[string]string{}
		for _, m := range got {
			var key string
			if err := json.Unmarshal([]byte(m.key), &key); err != nil {
				t.Fatalf("%q: key %q: %v", text, m.key, err)
			}
			last[key] = m.value
		}
		if len(last) != len(all) {
			t.Fatalf("%q: %d keys, want %d", text, len(last), len(all))
		}
		for key, v := range all {
			if last[key] != string(v) {
				t.Errorf("%q: %q is %q, want %q", text, key, last[key], v)
			}
		}
	})
}

func FuzzBucket(f *testing.F) {
	for _, seed := range []string{`"0-100"`, `"-1--0.5"`, `"1e3+"`, `">=5"`, `"x"`, `"∞-1"`, `5`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		low, high, ok := bucket(raw)
		for _, bound := range [][]byte{low, high} {
			if bound != nil && (!ok || !json.Valid(bound)) {
				t.Errorf("%q: bound %q of %v", raw, bound, ok)
			}
		}
		if ok && low == nil && high == nil {
			t.Errorf("%q: no bounds", raw)
		}
	})
}

// FuzzCountLists: whatever an answer of values or periods holds, the list made
// of it can be read.
func FuzzCountLists(f *testing.F) {
	for _, seed := range []string{
		`{"status":"success","g1":{"STR":{"a":1,"\ud800":null}},"g2":{"NUMBER":{"0-1":[2],"x":"\"}"}}}`,
		`{"status":"success","daily":{"20260901":1,"x":{}},"monthly":{"2026\u0030":"5"}}`,
		`{"status":"success","g1":{"a":1,"STR":{}},"weekly":{"":null}}`,
	} {
		f.Add([]byte(seed))
	}
	s := &Source{c: &client{}}
	q := call{op: "count"}
	groups := []Group{{Property: "a"}, {Name: `n"`, Property: "é", Order: "asc"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, make := range []func([]byte) ([]byte, *failure){
			s.tops(q, groups), s.periods(q, Selection{Trend: []string{daily, weekly, monthly}}), s.periods(q, Selection{Trend: []string{daily}, SumEventProp: "p"}),
		} {
			if list, fail := make(body); fail == nil && list != nil && !json.Valid(list) {
				t.Errorf("%q: the list is %q", body, list)
			}
		}
	})
}
