package json

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A memFile is content in memory.
type memFile []byte

func (f memFile) input(chunk int) format.Input {
	return format.Input{Name: "a.json", Size: int64(len(f)), Open: func(_ context.Context, p format.Place) (format.Stream, error) {
		if p.Offset > int64(len(f)) {
			return nil, exporter.ErrCursorExpired
		}
		return &memStream{rest: f[p.Offset:], chunk: chunk}, nil
	}}
}

type memStream struct {
	rest  []byte
	chunk int // the most that a Read gives; 0 = all
}

func (s *memStream) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	if s.chunk > 0 {
		b = b[:min(len(b), s.chunk)]
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *memStream) Close() error                    { return nil }
func (s *memStream) Place(offset int64) format.Place { return format.Place{Offset: offset} }

// A fileRow is a row as "column=value" in order of name, or a rejected one.
func fileRows(t testing.TB, b exporter.Batch) (rows []string) {
	t.Helper()
	whole := map[int64]exporter.Reject{}
	for _, r := range b.Rejects {
		if r.Column == "" {
			whole[r.Row] = r
		}
	}
	at := 0
	for i := range b.Rows {
		if r, ok := whole[i]; ok {
			rows = append(rows, fmt.Sprintf("! %s %s %q", r.Reason, r.Place, r.Raw))
			continue
		}
		row := ""
		for c, f := range b.Record.Schema().Fields() {
			if col := b.Record.Column(c); col.IsValid(at) {
				row += fmt.Sprintf("%s=%s ", f.Name, show(col, at))
			}
		}
		for _, r := range b.Rejects {
			if r.Row == i {
				row += fmt.Sprintf("!%s %s %s %q ", r.Column, r.Reason, r.Place, r.Raw)
			}
		}
		at++
		rows = append(rows, strings.TrimSuffix(row, " "))
	}
	if b.Record != nil && int64(at) != b.Record.NumRows() || b.Record == nil && at > 0 {
		t.Fatalf("%d rows in the record, %d counted", b.Record.NumRows(), at)
	}
	return rows
}

// reading is how a test reads a file.
type reading struct {
	o     FileOptions
	bt    format.Batching
	after exporter.Cursor
	block int
	chunk int
	stop  int // batches, after which reading goes on from the cursor; 0 = never
}

// readFile returns all rows, and the error as the last one.
func readFile(t testing.TB, file []byte, how reading) (rows []string) {
	t.Helper()
	if how.block == 0 {
		how.block = fileBlock
	}
	var total int64
	after := how.after
	for {
		n, stopped, met := 0, false, error(nil)
		met = read(context.Background(), memFile(file).input(how.chunk), func(*format.Builder) Node { return Node{} }, how.o, how.bt.OrDefaults(), after, func(b exporter.Batch, err error) bool {
			if err != nil || b.Rows == 0 || how.bt.Rows > 0 && b.Rows > int64(how.bt.Rows) {
				t.Fatalf("batch of %d rows, %v", b.Rows, err)
			}
			rows = append(rows, fileRows(t, b)...)
			total += b.Bytes
			after = b.Cursor
			n++
			stopped = n == how.stop
			return !stopped
		}, how.block)
		if stopped {
			continue
		}
		if met != nil {
			return append(rows, "error: "+met.Error())
		}
		if total > int64(len(file)) {
			t.Errorf("batches count %d bytes of %d", total, len(file))
		}
		return rows
	}
}

func inUTF16(s string, big bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"Empty", "", nil},
		{"Blank", " \n\r\n\t\n", nil},
		{"Lines", "{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n", []string{"a=1", "a=2 b=x"}},
		{"NoLastNewline", "{\"a\":1}\n{\"a\":2}", []string{"a=1", "a=2"}},
		{"CRLF", "{\"a\":1}\r\n\r\n{\"a\":2}\r\n", []string{"a=1", "a=2"}},
		{"BOM", "\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n", []string{"a=1", "a=2"}},
		{"BlankLines", "\n\n{\"a\":1}\n  \n{\"a\":2}\n\n", []string{"a=1", "a=2"}},
		{"TwoOnALine", "{\"a\":1} {\"a\":2}{\"a\":3}\n{\"a\":4}\n", []string{"a=1", "a=2", "a=3", "a=4"}},
		{"OneLine", "{\"a\":1}{\"a\":2}", []string{"a=1", "a=2"}},
		{"FirstLineWord", "Charged\n{\"a\":1}\n{\"a\":2}\n", []string{"a=1", "a=2"}},
		{"FirstLineString", "\"Product Viewed\"\r\n\r\n{\"a\":1}\n", []string{"a=1"}},
		{"FirstLineThenPretty", "Charged\n{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", []string{"a=1", "a=2"}},
		{"FirstLineAlone", "Charged\n", []string{`! json.syntax a.json, line 1, byte 0 "Charged"`}},
		{"BadLine", "{\"a\":1}\nrubbish, really\n{\"a\":2}\n", []string{"a=1", `! json.syntax a.json, line 2, byte 8 "rubbish, really"`, "a=2"}},
		{"BadFirstLine", "{\"a\":\n{\"a\":2}\n{\"a\":3}\n", []string{`! json.syntax a.json, line 1, byte 0 "{\"a\":"`, "a=2", "a=3"}},
		{"CutLine", "{\"a\":1}\n{\"a\":[2\n{\"a\":3}\n", []string{"a=1", `! json.syntax a.json, line 2, byte 8 "{\"a\":[2"`, "a=3"}},
		{"ScalarLines", "{\"a\":1}\n12\n[1,2]\n\"x\"\nnull", []string{"a=1", `! json.not_object a.json, line 2, byte 8 "12"`,
			`! json.not_object a.json, line 3, byte 11 "[1,2]"`, `! json.not_object a.json, line 4, byte 17 "\"x\""`, `! json.not_object a.json, line 5, byte 21 "null"`}},
		{"ListLines", "[1,2]\n[3]\n", []string{`! json.not_object a.json, line 1, byte 0 "[1,2]"`, `! json.not_object a.json, line 2, byte 6 "[3]"`}},
		{"Rubbish behind", "{\"a\":1} x\n{\"a\":2}\n", []string{"a=1", `! json.syntax a.json, line 1, byte 8 "x"`, "a=2"}},
		{"Truncated", "{\"a\":1}\n{\"a\":\"2", []string{"a=1", `! json.truncated a.json, line 2, byte 8 "{\"a\":\"2"`}},
		{"TruncatedWord", "{\"a\":1}\n{\"a\":tru", []string{"a=1", `! json.truncated a.json, line 2, byte 8 "{\"a\":tru"`}},
		{"TruncatedEscape", "{\"a\":1}\n{\"a\":\"\\u00", []string{"a=1", `! json.truncated a.json, line 2, byte 8 "{\"a\":\"\\u00"`}},
		{"BadLastLine", "{\"a\":1}\n{\"a\":\"\\x\"}", []string{"a=1", `! json.syntax a.json, line 2, byte 8 "{\"a\":\"\\x\"}"`}},
		{"Cell", "{\"a\":1}\n{\"a\":2,\"b\":\"\\ud800\"}\n", []string{"a=1", `a=2 !b text.invalid_utf8 a.json, line 2, byte 8 "\"\\ud800\""`}},
		{"DuplicateKey", "{\"a\":1,\"a\":2}\n", []string{`! json.duplicate_key a.json, line 1, byte 0 "{\"a\":1,\"a\":2}"`}},
		{"List", "[{\"a\":1},\n {\"a\":2}\n]\n", []string{"a=1", "a=2"}},
		{"EmptyList", " [ ] ", nil},
		{"Lists", "[{\"a\":1}]\n[]\n[{\"a\":2},3]", []string{"a=1", "a=2", `! json.not_object a.json, line 3, byte 22 "3"`}},
		{"ListOfLines", "[\n{\"a\":1}\n,{\"a\":2}\n]", []string{"a=1", "a=2"}},
		{"ErrListCut", "[{\"a\":1},\n{\"a\":2}", []string{"error: json: a.json, line 2, byte 17: the file ends within a list: content cannot be read"}},
		{"ErrListCutWithin", "[{\"a\":1},\n{\"a\":", []string{"error: json: a.json, line 2, byte 15: unexpected end: content cannot be read"}},
		{"ErrListDamaged", "[{\"a\":1},\n{\"a\":2}\n{\"a\":3}]", []string{"error: json: a.json, line 3, byte 18: want ',' or ']': content cannot be read"}},
		{"ErrListElement", "[{\"a\":1},\n{\"a\":x}]", []string{"error: json: a.json, line 2, byte 15: want a value: content cannot be read"}},
		{"ErrListComma", "[{\"a\":1},]", []string{"error: json: a.json, line 1, byte 9: want a value: content cannot be read"}},
		{"ErrListBehind", "[{\"a\":1},\n{\"a\":2}] x", []string{"error: json: a.json, line 2, byte 19: more behind the end of a list: content cannot be read"}},
		{"Pretty", "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n{\n  \"a\": 2\n}", []string{"a=1 b=x", "a=2"}},
		{"PrettyObject", "{\n\"a\": [\n{\"b\":1}\n]\n}\n", []string{"a=[\n{\"b\":1}\n]"}},
		{"PrettyDamaged", "{\n\"a\": 1\n}\n{\n\"a\": x\n}\n{\n\"a\": 3\n}\n", []string{"a=1", `! json.syntax a.json, line 4, byte 11 "{\n\"a\": x\n}"`, "a=3"}},
		{"PrettyTruncated", "{\n\"a\": 1\n}\n{\n\"a\": ", []string{"a=1", `! json.truncated a.json, line 4, byte 11 "{\n\"a\":"`}},
		{"UTF16LE", string(inUTF16("{\"a\":\"é😀\"}\n{\"a\":x}\n{\"a\":2}", false)), []string{"a=é😀", `! json.syntax a.json, line 2, byte 26 "{\"a\":x}"`, "a=2"}},
		{"UTF16BE", string(inUTF16("[{\"a\":\"é😀\"},\n{\"a\":1},4]", true)), []string{"a=é😀", "a=1", `! json.not_object a.json, line 2, byte 46 "4"`}},
		{"UTF16Lone", "\xff\xfe{\x00\"\x00a\x00\"\x00:\x00\"\x00\x00\xd8\"\x00}\x00\n\x00", []string{`!a text.invalid_utf8 a.json, line 1, byte 2 "\"\\xed\\xa0\\x80\""`}},
		{"UTF16Odd", "\xff\xfe{\x00}\x00\n\x00x", []string{"", `! json.syntax a.json, line 2, byte 8 "\\xff"`}},
		{"UTF16Empty", "\xfe\xff", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, chunk := range []int{0, 1, 7} {
				if diff := cmp.Diff(c.want, readFile(t, []byte(c.file), reading{chunk: chunk})); diff != "" {
					t.Errorf("reading %d bytes at a time (-want +got):\n%s", chunk, diff)
				}
			}
			invariant(t, []byte(c.file), FileOptions{})
		})
	}
}

// invariant wants the same rows whatever the sizes of batches, and wherever
// reading was interrupted.
func invariant(t testing.TB, file []byte, o FileOptions) {
	t.Helper()
	want := readFile(t, file, reading{o: o})
	fails := len(want) > 0 && strings.HasPrefix(want[len(want)-1], "error: ")
	for _, how := range []reading{
		{bt: format.Batching{Rows: 1}}, {bt: format.Batching{Rows: 1}, stop: 1}, {bt: format.Batching{Rows: 3}, stop: 1, block: 16},
		{bt: format.Batching{Rows: 2}, stop: 2, block: 61, chunk: 5}, {block: 16, chunk: 3},
	} {
		how.o = o
		got := readFile(t, file, how)
		if fails { // rows before the damage may or may not come
			if got[len(got)-1] != want[len(want)-1] {
				t.Fatalf("%+v: %s; want %s", how, got[len(got)-1], want[len(want)-1])
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v (-want +got):\n%s", how, diff)
		}
	}
}

// TestReadLarge reads files of many blocks.
func TestReadLarge(t *testing.T) {
	for name, sep := range map[string]string{"Lines": "\n", "List": ",\n", "Pretty": " \n"} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			const records = 2000
			for i := range records {
				record := fmt.Sprintf(`{"a":%d,"b":"%s","c":{"d":[%d,"\u00e9\ud83d\ude00"]}}`, i, strings.Repeat("é", i%70), i)
				if name == "Pretty" {
					record = strings.ReplaceAll(record, ",", ",\n ")
				}
				if b.WriteString(record); i < records-1 {
					b.WriteString(sep)
				}
			}
			file := b.String()
			if name == "List" {
				file = "[" + file + "]"
			}
			want := readFile(t, []byte(file), reading{})
			if len(want) != records || !strings.HasPrefix(want[records-1], "a=1999 ") {
				t.Fatalf("%d rows, the last %s", len(want), want[len(want)-1])
			}
			for _, how := range []reading{{block: 64, chunk: 50}, {block: 1000, chunk: 999}, {bt: format.Batching{Rows: 700}, stop: 1, block: 300}, {bt: format.Batching{Bytes: 1000}}} {
				if diff := cmp.Diff(want, readFile(t, []byte(file), how)); diff != "" {
					t.Errorf("%+v (-want +got):\n%.2000s", how, diff)
				}
			}
			if got := readFile(t, inUTF16(file, true), reading{block: 200, chunk: 333}); !cmp.Equal(want, got) {
				t.Errorf("UTF-16: %d rows", len(got))
			}
		})
	}
}

func TestReadFlatten(t *testing.T) {
	deep := strings.Repeat(`{"x":`, 101) + "1" + strings.Repeat("}", 101)
	file := `{"a":1,"b":{"c":{"d":2,"e":[1]},"f":null}}
{"a":{"c":3},"b":4,"g":{}}
{"b.f":5,"b":{"f":6}}
` + deep + "\n"
	want := []string{
		"a=1 b.c.d=2 b.c.e=[1]",
		"a.c=3 b=4",
		`b.f=5 !b.f json.duplicate_column a.json, line 3, byte 70 "6"`,
		fmt.Sprintf("! json.too_deep a.json, line 4, byte 92 %q", deep),
	}
	if diff := cmp.Diff(want, readFile(t, []byte(file), reading{o: FileOptions{Flatten: true}})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	hostile := strings.Repeat(`{"x":`, 1<<20)
	if got := readFile(t, []byte(hostile), reading{o: FileOptions{Flatten: true}}); len(got) != 1 || !strings.HasPrefix(got[0], "! json.truncated") {
		t.Errorf("%.100q", got)
	}
}

func TestReadLimits(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 300) + `"}`
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"Line", "{\"a\":1}\n" + long + "\n{\"a\":2}\n", []string{"a=1", fmt.Sprintf("! record.too_large a.json, line 2, byte 8 %q", long[:100]), "a=2"}},
		{"LastLine", "{\"a\":1}\n" + long, []string{"a=1", fmt.Sprintf("! record.too_large a.json, line 2, byte 8 %q", long[:100])}},
		{"ErrElement", "[{\"a\":1},\n" + long + "]", []string{"error: json: a.json, line 2, byte 10: a record of more than 100 bytes: content cannot be read"}},
		{"ErrPretty", "{\n\"a\":1}\n" + long, []string{"error: json: a.json, line 3, byte 9: a record of more than 100 bytes: content cannot be read"}},
		{"ErrRubbish", "{\n\"a\":1}\n]" + long, []string{"error: json: a.json, line 3, byte 9: no JSON, for more than 100 bytes: content cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, block := range []int{16, 50, 200, 4096} {
				if diff := cmp.Diff(c.want, readFile(t, []byte(c.file), reading{o: FileOptions{MaxRecord: 100}, block: block, chunk: 9})); diff != "" {
					t.Errorf("blocks of %d (-want +got):\n%s", block, diff)
				}
			}
		})
	}
	var keys bytes.Buffer
	for i := range 2 * maxKeys / 100 {
		keys.WriteString(`{"x":1`)
		for k := range 100 {
			fmt.Fprintf(&keys, `,"k%d-%d":1`, i, k)
		}
		keys.WriteString("}\n")
	}
	got := readFile(t, keys.Bytes(), reading{})
	if len(got) == 0 || !strings.HasSuffix(got[len(got)-1], "more than 20000 different keys: content cannot be read") {
		t.Errorf("%d rows, the last %.200s", len(got), got[max(0, len(got)-1):])
	}
}

func TestReadCursor(t *testing.T) {
	for _, c := range []exporter.Cursor{"x", "l8", "l8 1", "l8 0 5", "x8 1 5", "l9 1 5", "h8 1 5", "l8 1 -5", "l8 1 5@1", "l8 y 5", "l8 1 500"} {
		err := error(nil)
		for _, e := range Read(context.Background(), memFile("{}\n{}\n").input(0), func(*format.Builder) Node { return Node{} }, FileOptions{}, format.Batching{}, c) {
			err = e
		}
		if !errors.Is(err, exporter.ErrCursorExpired) {
			t.Errorf("%q: %v; want %v", c, err, exporter.ErrCursorExpired)
		}
	}
}

func TestReadStops(t *testing.T) {
	file := memFile(strings.Repeat("{\"a\":1}\n", 1000))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	node := func(*format.Builder) Node { return Node{} }
	n := 0
	for _, err := range Read(ctx, file.input(0), node, FileOptions{}, format.Batching{Rows: 10}, "") {
		if n++; n == 3 {
			cancel()
		}
		if n == 4 && !errors.Is(err, context.Canceled) {
			t.Errorf("%v; want %v", err, context.Canceled)
		}
	}
	if n != 4 {
		t.Errorf("went on for %d steps", n)
	}
	for range Read(context.Background(), file.input(0), node, FileOptions{}, format.Batching{Rows: 10}, "") {
		break
	}
	in := format.Input{Open: func(context.Context, format.Place) (format.Stream, error) { return nil, exporter.ErrReplaced }}
	for _, err := range Read(context.Background(), in, node, FileOptions{}, format.Batching{}, "") {
		if err != exporter.ErrReplaced {
			t.Errorf("%v; want %v", err, exporter.ErrReplaced)
		}
	}
}

// FuzzRead never panics and gives the same rows whatever the sizes of blocks
// and batches.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n", "Charged\n{\"a\":1}", "[{\"a\":1},\n{\"a\":2}]", "{\n\"a\":1\n}{\"a\":2}\n", "{\"a\":1}\nrubbish\n{\"a\":",
		"\xef\xbb\xbf{}", string(inUTF16("{\"a\":\"é😀\"}\n{}", false)), string(inUTF16("[1,{}]", true)), "[1]\n[2]\n", "[1]{\n", "{\"a\":{\"b\":1,\"c\":{}},\"a.b\":2}\n{\"a\":[]}", "{\n{}\n\"long line of more than forty bytes, surely\n{}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		invariant(t, file, FileOptions{})
		invariant(t, file, FileOptions{Flatten: true, MaxRecord: 40})
	})
}
