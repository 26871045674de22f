package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
)

// tables of all forms, and what each is made of.
const allForms = "b boolean, i bigint, f double precision, t text, d date, s timestamptz, ni numeric, nf numeric, nt numeric, j jsonb, fi double precision"

func formColumns() []column {
	var list []column
	for _, part := range strings.Split(allForms, ", ") {
		name, sql, _ := strings.Cut(part, " ")
		if sql == "timestamptz" {
			sql = "timestamp with time zone"
		}
		list = append(list, columnOf(name, sql, -1, "", false))
	}
	return list
}

func formSchema() *arrow.Schema {
	var fields []arrow.Field
	for i, kind := range []arrow.DataType{boolean, integr, float, text, date, stampType(), integr, float, text, text, integr} {
		fields = append(fields, arrow.Field{Name: formColumns()[i].Name, Type: kind, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// randomRecord makes rows of random values, and as text what the database is to
// say about them.
func randomRecord(r *rand.Rand, rows int) (arrow.Record, []string) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, formSchema())
	defer b.Release()
	var want []string
	for range rows {
		var values []string
		for i := range b.Fields() {
			if r.IntN(5) == 0 {
				b.Field(i).AppendNull()
				values = append(values, "NULL")
				continue
			}
			values = append(values, appendRandom(r, b.Field(i), i))
		}
		want = append(want, strings.Join(values, "|"))
	}
	return b.NewRecord(), want
}

func appendRandom(r *rand.Rand, b array.Builder, i int) string {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		v := r.IntN(2) == 1
		b.Append(v)
		return map[bool]string{true: "t", false: "f"}[v]
	case *array.Int64Builder:
		v := int64(r.Uint64()) >> r.IntN(64)
		if i == 10 {
			v >>= 11 // exact as a floating number
		}
		b.Append(v)
		return fmt.Sprint(v)
	case *array.Float64Builder:
		v := math.Round(r.NormFloat64()*math.Pow10(r.IntN(12))*1e4) / 1e4
		b.Append(v)
		return fmt.Sprint(math.Float64bits(v))
	case *array.Date32Builder:
		v := arrow.Date32(r.IntN(200_000) - 100_000)
		b.Append(v)
		return v.ToTime().Format(time.DateOnly)
	case *array.TimestampBuilder:
		v := r.Int64N(8e15) - 4e15
		b.Append(arrow.Timestamp(v))
		return fmt.Sprint(v)
	case *array.StringBuilder:
		return appendRandomText(r, b, i)
	}
	return "?"
}

func appendRandomText(r *rand.Rand, b *array.StringBuilder, i int) string {
	switch i {
	case 8: // numeric, as it is to come back
		v := fmt.Sprintf("%d.%0*d", r.Int64N(1e15)-5e14, 1+r.IntN(12), r.IntN(10))
		b.Append(v)
		return v
	case 9:
		v := fmt.Sprintf(`{"a": %d}`, r.IntN(1000))
		b.Append(v)
		return v
	}
	v := strings.Repeat(string([]rune{'a' + rune(r.IntN(20)), 'é', '🎉'}[r.IntN(3)]), r.IntN(40))
	b.Append(v)
	return v
}

// What is encoded comes back from the database as it was.
func TestEncodeReadBack(t *testing.T) {
	address := pgtest.NewDatabase(t)
	pgtest.Exec(t, address, "CREATE TABLE t (n bigint GENERATED ALWAYS AS IDENTITY, "+allForms+")")
	r := rand.New(rand.NewPCG(7, 7))
	for _, rows := range []int{0, 1, 2, blockRows - 1, blockRows, blockRows + 1, 5000} {
		whole, want := randomRecord(r, rows+3)
		rec := whole.NewSlice(3, int64(rows)+3) // buffers that begin before the values
		want = want[3:]
		pgtest.Exec(t, address, "TRUNCATE t")
		copyRecord(t, address, rec)
		have := pgtest.Rows(t, address, `SET TimeZone = 'UTC'; SELECT b, i, ('x' || encode(float8send(f), 'hex'))::bit(64)::bigint, t, d,
			(extract(epoch FROM s) * 1000000)::bigint, ni, ('x' || encode(float8send(nf::float8), 'hex'))::bit(64)::bigint, nt, j,
			fi::bigint FROM t ORDER BY n`)
		for i, row := range have { // negative bits print with a sign
			values := strings.Split(row, "|")
			for _, j := range []int{2, 7} {
				var bits int64
				if _, err := fmt.Sscan(values[j], &bits); err == nil {
					values[j] = fmt.Sprint(uint64(bits))
				}
			}
			have[i] = strings.Join(values, "|")
		}
		if d := cmp.Diff(normal(want), have); d != "" {
			t.Fatalf("%d rows differ (- want, + have):\n%.3000s", rows, d)
		}
		rec.Release()
		whole.Release()
	}
}

// normal takes the sign of a zero away, which numeric has none of.
func normal(rows []string) []string {
	negative := fmt.Sprint(math.Float64bits(math.Copysign(0, -1)))
	for i, row := range rows {
		values := strings.Split(row, "|")
		if len(values) > 7 && values[7] == negative {
			values[7] = "0"
		}
		rows[i] = strings.Join(values, "|")
	}
	return rows
}

func copyRecord(t *testing.T, address string, rec arrow.Record) {
	t.Helper()
	data, err := encodeAll(formColumns(), rec)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tag, err := conn.CopyFrom(t.Context(), bytes.NewReader(data), "COPY t (b, i, f, t, d, s, ni, nf, nt, j, fi) FROM STDIN (FORMAT binary)")
	if err != nil || tag.RowsAffected() != rec.NumRows() {
		t.Fatalf("%v, %v", tag, err)
	}
}

// encodeAll is a whole COPY of a record.
func encodeAll(columns []column, rec arrow.Record) ([]byte, error) {
	e := newEncoder("t", columns)
	source := make([]int, len(columns))
	for i := range source {
		source[i] = i
	}
	if err := e.open(rec, source); err != nil {
		return nil, err
	}
	out := append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0)
	for row := 0; row < int(rec.NumRows()); {
		var block []byte
		block, row = e.encode(row, int(rec.NumRows()))
		out = append(out, block...)
	}
	return binary.BigEndian.AppendUint16(out, 0xffff), nil
}

// FuzzEncode encodes a column of texts, with NULLs and great values among them,
// and reads the bytes back as the format says.
func FuzzEncode(f *testing.F) {
	f.Add("a,b,,c", uint8(3), uint16(10), uint16(1))
	f.Add("long text,", uint8(0), uint16(5), uint16(60_000))
	f.Add("", uint8(2), uint16(4999), uint16(1))
	f.Fuzz(func(t *testing.T, values string, nulls uint8, times, repeat uint16) {
		list := strings.Split(values, ",")
		for i, v := range list {
			list[i] = strings.Repeat(v, min(int(repeat), 1<<20/(len(v)+1)))
		}
		rows := min(int(times%5000), 4<<20/(len(values)*int(repeat)/len(list)+1)+2)
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "t", Type: text}, {Name: "i", Type: integr}}, nil))
		defer b.Release()
		for i := range rows {
			if nulls > 0 && i%int(nulls) == 0 {
				b.Field(0).AppendNull()
			} else {
				b.Field(0).(*array.StringBuilder).Append(list[i%len(list)])
			}
			b.Field(1).(*array.Int64Builder).Append(int64(i))
		}
		rec := b.NewRecord()
		defer rec.Release()
		columns := []column{columnOf("t", "text", -1, "", false), columnOf("i", "bigint", -1, "", false)}
		data, err := encodeAll(columns, rec)
		if err != nil {
			if errors.Is(err, warehouse.ErrSchema) && strings.Contains(values, "\x00") {
				return
			}
			t.Fatal(err)
		}
		in := bytes.NewReader(data[19:])
		for i := range rows {
			if n := readInt(t, in, 2); n != 2 {
				t.Fatalf("row %d has %d values", i, n)
			}
			texts, numbers := rec.Column(0).(*array.String), rec.Column(1).(*array.Int64)
			if v, null := readField(t, in); null != texts.IsNull(i) || !null && string(v) != texts.Value(i) {
				t.Fatalf("row %d: %q, %v", i, v, null)
			}
			if v, _ := readField(t, in); int64(binary.BigEndian.Uint64(v)) != numbers.Value(i) {
				t.Fatalf("row %d: %x", i, v)
			}
		}
		if readInt(t, in, 2) != 0xffff || in.Len() > 0 {
			t.Fatal("no end where it should be")
		}
	})
}

func readInt(t *testing.T, in io.Reader, size int) uint32 {
	t.Helper()
	var b [4]byte
	if _, err := io.ReadFull(in, b[4-size:]); err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(b[:])
}

func readField(t *testing.T, in io.Reader) (v []byte, null bool) {
	t.Helper()
	n := readInt(t, in, 4)
	if n == nullLength {
		return nil, true
	}
	v = make([]byte, n)
	if _, err := io.ReadFull(in, v); err != nil {
		t.Fatal(err)
	}
	return v, false
}

func TestNumeric(t *testing.T) {
	address := pgtest.NewDatabase(t)
	pgtest.Exec(t, address, "CREATE TABLE n (v numeric)")
	for _, c := range []struct{ text, want string }{
		{"0", "0"}, {"-0", "0"}, {"0.00", "0.00"}, {"1", "1"}, {"-12.50", "-12.50"}, {"10000", "10000"}, {"100000000", "100000000"},
		{"0.0001", "0.0001"}, {"0.00001", "0.00001"}, {"1e-7", "0.0000001"}, {"1E+20", "100000000000000000000"}, {"+.5", "0.5"}, {"5.", "5"},
		{"123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"}, {"NaN", "NaN"}, {"12e3", "12000"}, {"00012", "12"},
		{"9999.9999", "9999.9999"}, {"10000.0001", "10000.0001"}, {"-1e-20", "-0.00000000000000000001"},
	} {
		value, err := appendNumeric(nil, c.text, 0, 0)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		data := append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
		data = append(binary.BigEndian.AppendUint32(data, uint32(len(value))), value...)
		conn, err := pgconn.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.CopyFrom(t.Context(), bytes.NewReader(append(data, 0xff, 0xff)), "COPY n FROM STDIN (FORMAT binary)")
		conn.Close(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if have := pgtest.Rows(t, address, "DELETE FROM n RETURNING v, v = '"+c.text+"'"); have[0] != c.want+"|t" {
			t.Errorf("%s came back as %s", c.text, have[0])
		}
	}
}

func TestNumericRefuses(t *testing.T) {
	for _, bad := range []string{"", "-", ".", "e5", "1e", "1.2.3", "12a", " 1", "1e999999", "1e-999999999999", "Infinity", "0x10", "1_000", "--1"} {
		if _, err := appendNumeric(nil, bad, 0, 0); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	for _, c := range []struct {
		text string
		p, s int
		fits bool
	}{
		{"123.45", 5, 2, true}, {"123.450", 5, 2, true}, {"123.456", 5, 2, false}, {"1234.5", 5, 2, false}, {"0.001", 3, 3, true},
		{"1200", 2, -2, true}, {"1250", 3, -2, false}, {"0", 1, 1, true}, {"1", 1, 1, false},
	} {
		if _, err := appendNumeric(nil, c.text, c.p, c.s); (err == nil) != c.fits {
			t.Errorf("%s in numeric(%d,%d): %v", c.text, c.p, c.s, err)
		}
	}
}
