package clevertap

import (
	"errors"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
)

func TestQueryForm(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"Encoded", "Zm9v%2FYmFy%2B%3D%3D", "Zm9v%2FYmFy%2B%3D%3D"},
		{"LowerHex", "a%2fb", "a%2fb"},
		{"Plain", "abc-_.~09", "abc-_.~09"},
		{"Bare", "Zm9v/YmFy+==", "Zm9v%2FYmFy%2B%3D%3D"},
		{"StrayPercent", "50%", "50%25"},
		{"Query", "a&batch_size=1", "a%26batch_size%3D1"},
		{"Space", "a b", "a+b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := queryForm(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if once := queryForm(tt.want); tt.name != "Space" && once != tt.want {
				t.Errorf("encoded twice: %q", once)
			}
		})
	}
}

func TestPosition(t *testing.T) {
	for _, p := range []position{{Next: "a%2F", Page: 3, Opened: 1790000000}, {Page: 9, Opened: 1, Done: true}} {
		c, err := p.cursor()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsePosition(c)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, got); d != "" {
			t.Error(d)
		}
	}
	for _, bad := range []exporter.Cursor{"x", "{}", `{"next":"a","done":true}`, `{"next":7}`, "null"} {
		if _, err := parsePosition(bad); !errors.Is(err, exporter.ErrCursorExpired) {
			t.Errorf("%s: got %v, want %v", bad, err, exporter.ErrCursorExpired)
		}
	}
}

func TestTrail(t *testing.T) {
	tr := newTrail()
	for i := range 5000 {
		if !tr.visit(strconv.Itoa(i)) {
			t.Fatalf("cursor %d is taken for one that was there", i)
		}
	}
	for _, been := range []string{"0", "17", "4999"} {
		if tr.visit(been) {
			t.Errorf("cursor %s is taken for a new one", been)
		}
	}
}

func TestForetell(t *testing.T) {
	long := make([]byte, 3*near)
	for i := range long {
		long[i] = ' '
	}
	tests := []struct{ name, body, want string }{
		{"Last", `{"status":"success","records":[{}],"next_cursor":"a%2F"}`, "a%2F"},
		{"LongLast", `{"records":[` + string(long) + `],"next_cursor":"b"}`, "b"},
		{"LongFirst", `{"next_cursor":"c","records":[` + string(long) + `]}`, "c"},
		{"Partial", `{"status":"partial","cursor":"d","records":[]}`, "d"},
		{"Success", `{"status":"success","cursor":"d","records":[]}`, ""},
		{"None", `{"status":"success","previous_cursor":"p","records":[]}`, ""},
		{"Escaped", `{"next_cursor":"a\u0041"}`, ""},
		{"InAString", `{"records":[{"x":"\"next_cursor\":\"no"}]}`, ""},
		{"Cut", `{"next_cursor":"a`, ""},
		{"Empty", ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := foretell([]byte(tt.body)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
