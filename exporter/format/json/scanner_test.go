package json

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Cases of our own after the sorts that JSONTestSuite has: y_ is accepted, n_
// refused at the given byte; the rest is JSON but not the strict kind.
func TestDocument(t *testing.T) {
	for _, tt := range []struct {
		name, doc, want string
	}{
		{"y_object", `{"a":1,"b":[true,false,null]}`, ""},
		{"y_scalar", ` -0.5e+3 `, ""},
		{"y_white_space", "\t{ \"a\" :\r\n[ ] , \"b\" : { } }\n", ""},
		{"y_escapes", `"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`, ""},
		{"y_utf8", `"é李😀` + "\u2028\x7f" + `"`, ""},
		{"y_same_key_elsewhere", `{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}`, ""},
		{"y_depth_100", strings.Repeat("[", 100) + strings.Repeat("]", 100), ""},
		{"y_huge_number", `[1e999999999999999999,` + strings.Repeat("9", 500) + `]`, ""},

		{"n_empty", ``, "byte 0: unexpected end"},
		{"n_white_space_only", " \n", "byte 2: unexpected end"},
		{"n_bom", "\ufeff{}", "byte 0: want a value"},
		{"n_trailing", `{} x`, "byte 3: more after the end of the document"},
		{"n_two", `[][]`, "byte 2: more after the end of the document"},
		{"n_trailing_nul", "1\x00", "byte 1: more after the end of the document"},
		{"n_cut_object", `{"a":1`, "byte 6: unexpected end"},
		{"n_cut_list", `[1,`, "byte 3: unexpected end"},
		{"n_cut_string", `["abc`, "byte 5: unexpected end"},
		{"n_cut_escape", `["ab\`, "byte 4: unknown escape in a string"},
		{"n_cut_word", `[tru`, "byte 4: unexpected end"},
		{"n_cut_number", `[-`, "byte 2: unexpected end"},
		{"n_trailing_comma_list", `[1,]`, "byte 3: want a value"},
		{"n_trailing_comma_object", `{"a":1,}`, "byte 7: want a key"},
		{"n_leading_comma", `[,1]`, "byte 1: want a value"},
		{"n_no_comma", `[1 2]`, "byte 3: want ',' or ']'"},
		{"n_wrong_bracket", `[1}`, "byte 2: want ',' or ']'"},
		{"n_wrong_brace", `{"a":1]`, "byte 6: want ',' or '}'"},
		{"n_no_colon", `{"a" 1}`, "byte 5: want ':'"},
		{"n_bare_key", `{a:1}`, "byte 1: want a key"},
		{"n_number_key", `{1:1}`, "byte 1: want a key"},
		{"n_single_quotes", `['a']`, "byte 1: want a value"},
		{"n_word", `[trux]`, "byte 4: want true"},
		{"n_capital", `[True]`, "byte 1: want a value"},
		{"n_nan", `[NaN]`, "byte 1: want a value"},
		{"n_infinity", `[-Infinity]`, "byte 2: want a digit"},
		{"n_plus", `[+1]`, "byte 1: want a value"},
		{"n_leading_zero", `[-012]`, "byte 3: number with a leading zero"},
		{"n_point", `[.5]`, "byte 1: want a value"},
		{"n_no_fraction", `[1.]`, "byte 3: want a digit"},
		{"n_no_exponent", `[1e+]`, "byte 4: want a digit"},
		{"n_hex", `[0x1]`, "byte 2: want ',' or ']'"},
		{"n_comment", `[1/**/]`, "byte 2: want ',' or ']'"},
		{"n_tab_in_string", "[\"a\tb\"]", "byte 3: control character in a string"},
		{"n_nul_in_string", "[\"a\x00b\"]", "byte 3: control character in a string"},
		{"n_escape", `["\x41"]`, "byte 2: unknown escape in a string"},
		{"n_short_u", `["\u12G4"]`, "byte 2: unknown escape in a string"},
		{"n_form_feed", "[\f1]", "byte 1: want a value"},

		{"duplicate_key", `{"a":1,"b":2,"a":3}`, "byte 13: json.duplicate_key"},
		{"duplicate_key_escaped", `[{"a":1,"\u0061":3}]`, "byte 8: json.duplicate_key"},
		{"duplicate_key_of_many", `{` + manyMembers(40) + `,"k39":1}`, "byte 311: json.duplicate_key"},
		{"depth_101", strings.Repeat("[", 101) + strings.Repeat("]", 101), "byte 100: json.too_deep"},
		{"invalid_utf8", "[1,\"\xff\"]", "byte 0: text.invalid_utf8"},
		{"overlong_utf8", "\"\xc0\xaf\"", "byte 0: text.invalid_utf8"},
		{"utf8_surrogate", "\"\xed\xa0\x80\"", "byte 0: text.invalid_utf8"},
		{"cut_utf8", "\"\xe6\x9d\"", "byte 0: text.invalid_utf8"},
		{"lone_high_surrogate", `"\ud800"`, "byte 0: text.invalid_utf8"},
		{"lone_low_surrogate", `"\udc00x"`, "byte 0: text.invalid_utf8"},
		{"two_high_surrogates", `"\ud800\ud800\udc00"`, "byte 0: text.invalid_utf8"},
		{"nul", `"\u0000"`, "byte 0: text.nul"},
		{"bad_key", `{"\u0000":1}`, "byte 1: json.bad_key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkDocument(t, []byte(tt.doc))
			s := NewScanner([]byte(tt.doc))
			err := s.Skip()
			if err == nil {
				err = s.Done()
			}
			if got := strings.TrimPrefix(fmt.Sprint(err), "json: "); tt.want != "" && got != tt.want || (err != nil) != (tt.want != "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return b.String()[1:]
}

func TestScanner(t *testing.T) {
	doc := ` {"status" : "succ\u00e9s", "n": 12, "big":1e3, "ok":true, "no":false, "nothing":null,
		"list":[1,[2],{"x":3}], "raw": { "a" : [ 1 ] } , "unread":[{}], "key \"\u0041\"":1} `
	s := NewScanner([]byte(doc))
	var got []string
	note := func(v any, err error) error {
		got = append(got, fmt.Sprint(v))
		return err
	}
	err := s.Object(func(key []byte) error {
		got = append(got, string(key), s.Kind().String())
		switch string(key) {
		case "status":
			return note(s.Text())
		case "n":
			return note(s.Int())
		case "big":
			return note(s.Number())
		case "ok", "no":
			return note(s.Bool())
		case "list":
			return s.Array(func(i int) error {
				if i == 1 {
					return nil
				}
				raw, err := s.Raw()
				return note(fmt.Sprint(i, " ", string(raw)), err)
			})
		case "raw":
			raw, err := s.Raw()
			return note(string(raw), err)
		}
		return nil
	})
	if err == nil {
		err = s.Done()
	}
	if err != nil || s.Offset() != int64(len(doc)) || s.Kind() != Invalid {
		t.Fatalf("%v at %d of %d", err, s.Offset(), len(doc))
	}
	want := []string{
		"status", "a string", "succés", "n", "a number", "12", "big", "a number", "1e3",
		"ok", "a boolean", "true", "no", "a boolean", "false", "nothing", "null",
		"list", "a list", "0 1", `2 {"x":3}`, "raw", "an object", `{ "a" : [ 1 ] }`, "unread", "a list", `key "A"`, "a number",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestScannerErrors(t *testing.T) {
	stop := errors.New("stop")
	for _, tt := range []struct {
		name, doc string
		read      func(s *Scanner) error
		want      string
	}{
		{"NotAnObject", ` [1]`, func(s *Scanner) error { return s.Object(nil) }, "json: byte 1: got a list, want an object"},
		{"NotAList", `{}`, func(s *Scanner) error { return s.Array(nil) }, "json: byte 0: got an object, want a list"},
		{"NotAString", `12`, func(s *Scanner) error { _, err := s.Text(); return err }, "json: byte 0: got a number, want a string"},
		{"NotANumber", `"12"`, func(s *Scanner) error { _, err := s.Number(); return err }, "json: byte 0: got a string, want a number"},
		{"NotABool", `null`, func(s *Scanner) error { _, err := s.Bool(); return err }, "json: byte 0: got null, want a boolean"},
		{"NoInteger", ` 1.5`, func(s *Scanner) error { _, err := s.Int(); return err }, "json: byte 1: no integer of 64 bits"},
		{"TooLarge", `9223372036854775808`, func(s *Scanner) error { _, err := s.Int(); return err }, "json: byte 0: no integer of 64 bits"},
		{"BadBool", `trve`, func(s *Scanner) error { _, err := s.Bool(); return err }, "json: byte 2: want true"},
		{"BadNumber", `-x`, func(s *Scanner) error { _, err := s.Number(); return err }, "json: byte 1: want a digit"},
		{"BadText", `"\q"`, func(s *Scanner) error { _, err := s.Text(); return err }, "json: byte 1: unknown escape in a string"},
		{"Surrogate", ` "\ud800"`, func(s *Scanner) error { _, err := s.Text(); return err }, "json: byte 1: text.invalid_utf8"},
		{"Nothing", ` `, func(s *Scanner) error { _, err := s.Text(); return err }, "json: byte 1: unexpected end"},
		{"HTML", `<html>`, func(s *Scanner) error { return s.Object(nil) }, "json: byte 0: want an object"},
		{"Callback", `{"a":1}`, func(s *Scanner) error { return s.Object(func([]byte) error { return stop }) }, "stop"},
		{"Twice", `{"a":1,"a":2}`, func(s *Scanner) error { return s.Object(func([]byte) error { return nil }) }, "json: byte 7: json.duplicate_key"},
		{"BadKey", "{\"\xff\":1}", func(s *Scanner) error { return s.Object(nil) }, "json: byte 1: json.bad_key"},
		{"NoKey", `{1:1}`, func(s *Scanner) error { return s.Object(nil) }, "json: byte 1: want a key"},
		{"Unread", `[1,x]`, func(s *Scanner) error { return s.Array(func(int) error { return nil }) }, "json: byte 3: want a value"},
		{"Comma", `[1 2]`, func(s *Scanner) error { return s.Array(func(int) error { return nil }) }, "json: byte 3: want ',' or ']'"},
		{"KeptOn", `[`, func(s *Scanner) error { _ = s.Skip(); return s.Done() }, "json: byte 1: unexpected end"},
		{"Deep", strings.Repeat("[", 101), func(s *Scanner) error {
			var down func(int) error
			down = func(int) error { return s.Array(down) }
			return down(0)
		}, "json: byte 100: json.too_deep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewScanner([]byte(tt.doc))
			err := tt.read(s)
			if got := fmt.Sprint(err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if again := s.Skip(); again == nil || err == nil || again.Error() != err.Error() {
				t.Errorf("going on after the error: %v", again)
			}
		})
	}
}

// A million brackets are refused, quickly and without a stack to overflow.
func TestManyBrackets(t *testing.T) {
	start := time.Now()
	for _, doc := range []string{
		strings.Repeat("[", 1e6),
		strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6),
		strings.Repeat(`{"a":`, 1e6) + "1" + strings.Repeat("}", 1e6),
	} {
		if err := NewScanner([]byte(doc)).Skip(); err == nil {
			t.Error("accepted")
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// Loose takes what a Decoder is to judge, and no more.
func TestLoose(t *testing.T) {
	for _, doc := range []string{`{"a":1,"a":2}`, "\"\xff\"", `"\ud800"`, `"\u0000"`, strings.Repeat("[", 200) + strings.Repeat("]", 200)} {
		s := NewScanner([]byte(" " + doc + " "))
		if got, err := s.Loose(); err != nil || string(got) != doc || s.Done() != nil {
			t.Errorf("%.20q: got %.20q, %v, %v", doc, got, err, s.Done())
		}
		if _, err := NewScanner([]byte(doc)).Raw(); err == nil {
			t.Errorf("%.20q: Raw takes it", doc)
		}
	}
	for _, doc := range []string{``, `[1`, `tru`, `{"a" 1}`} {
		if _, err := NewScanner([]byte(doc)).Loose(); err == nil {
			t.Errorf("%q is no JSON", doc)
		}
	}
}
