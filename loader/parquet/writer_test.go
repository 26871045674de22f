package parquet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

func TestNewWriterRefuses(t *testing.T) {
	schema := func(fields ...arrow.Field) *arrow.Schema { return arrow.NewSchema(fields, nil) }
	tests := []struct {
		name   string
		schema *arrow.Schema
		codec  Codec
		want   string
	}{
		{"int32", schema(arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int32}), "", `parquet: column "n": cannot write type int32`},
		{"list", schema(arrow.Field{Name: "a b", Type: arrow.ListOf(intType)}), "", `parquet: column "a b": cannot write type list<item: int64, nullable>`},
		{"milliseconds", schema(arrow.Field{Name: "t", Type: arrow.FixedWidthTypes.Timestamp_ms}), "", `parquet: column "t": cannot write type timestamp[ms, tz=UTC]`},
		{"no time zone", schema(arrow.Field{Name: "t", Type: &arrow.TimestampType{Unit: arrow.Microsecond}}), "", `parquet: column "t": cannot write type timestamp[us]`},
		{"no columns", schema(), "", "parquet: the schema has no columns"},
		{"two of one name", schema(arrow.Field{Name: "a", Type: intType}, arrow.Field{Name: "a", Type: textType}), "", `parquet: column "a": two columns have this name`},
		{"name not UTF-8", schema(arrow.Field{Name: "a\xff", Type: intType}), "", `parquet: column "a\xff": the name is not UTF-8`},
		{"codec", schema(arrow.Field{Name: "a", Type: intType}), "gzip", `parquet: codec "gzip": want zstd, snappy or none`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewWriter(io.Discard, tt.schema, Options{Codec: tt.codec})
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	ok := record(col{"a", intType, []any{int64(1)}}, col{"b", textType, []any{"x"}})
	bad := func(texts ...any) arrow.Record {
		n := len(texts)
		return record(col{"a", intType, fill(n, func(int) any { return nil })}, col{"b", textType, texts})
	}
	tests := []struct {
		name string
		rec  arrow.Record
		want string
	}{
		{"fewer columns", record(col{"a", intType, []any{int64(1)}}), "parquet: a record of 1 columns for a file of 2"},
		{"other name", record(col{"a", intType, nil}, col{"c", textType, nil}), `parquet: column 1 of the record is "c" utf8, of the file "b" utf8`},
		{"other type", record(col{"a", floatType, nil}, col{"b", textType, nil}), `parquet: column 0 of the record is "a" float64, of the file "a" int64`},
		{"not UTF-8", bad("ok", nil, "ok too", "\xff"), `parquet: column "b": row 3: the text is not UTF-8`},
		{"not UTF-8 in a dictionary", bad("ok", "ok", nil, "\xc3", "\xc3", "ok", "ok"), `parquet: column "b": row 3: the text is not UTF-8`},
		{"a rune in two texts", bad("\xc3", "\xbc"), `parquet: column "b": row 0: the text is not UTF-8`},
	}
	for _, tt := range tests {
		for _, parallel := range []int{1, 2} {
			t.Run(tt.name, func(t *testing.T) {
				w, err := NewWriter(io.Discard, ok.Schema(), Options{Parallel: parallel})
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Write(ok); err != nil {
					t.Fatal(err)
				}
				err = w.Write(tt.rec)
				if err == nil {
					t.Fatal("no error")
				}
				if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
					t.Error(diff)
				}
				if again := w.Write(ok); again != err {
					t.Errorf("the next Write returns %v, want the same error", again)
				}
				if again := w.Close(); again != err {
					t.Errorf("Close returns %v, want the same error", again)
				}
			})
		}
	}
}

// TestNullSlotsMayHoldAnything has bytes under a NULL that are no text, which
// Arrow allows.
func TestNullSlotsMayHoldAnything(t *testing.T) {
	rec := record(col{"t", textType, []any{"a", "\xff\xff", "ü"}})
	valid := memory.NewBufferBytes([]byte{0b101})
	old := rec.Column(0).Data().Buffers()
	arr := array.MakeFromData(array.NewData(textType, 3, []*memory.Buffer{valid, old[1], old[2]}, nil, -1, 0))
	rec = array.NewRecord(rec.Schema(), []arrow.Array{arr}, 3)
	var b bytes.Buffer
	write(t, &b, []arrow.Record{rec}, Options{})
	got, err := readByArrow(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(table{{"a", nil, "ü"}}, got); diff != "" {
		t.Error(diff)
	}
}

// numbered is a record of one column of texts that stand in a dictionary.
func numbered(valid byte, offset, rows int, numbers []byte, texts ...any) arrow.Record {
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: textType}
	dict := record(col{"d", textType, texts}).Column(0).Data().(*array.Data)
	buffers := []*memory.Buffer{memory.NewBufferBytes([]byte{valid}), memory.NewBufferBytes(numbers)}
	arr := array.NewDictionaryData(array.NewDataWithDictionary(typ, rows, buffers, -1, offset, dict))
	return array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "t", Type: typ}}, nil), []arrow.Array{arr}, int64(rows))
}

// TestNumberedTexts writes texts that stand in a dictionary, of which not all
// are used, with NULLs and from the middle on.
func TestNumberedTexts(t *testing.T) {
	var b bytes.Buffer
	write(t, &b, []arrow.Record{numbered(0b110111, 1, 5, []byte{2, 0, 2, 77, 0, 2}, "a", "unused", "ü")}, Options{})
	got, err := readByArrow(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(table{{"a", "ü", nil, "a", "ü"}}, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][]byte{{0, 3, 0}, {0, 0xff, 0}} {
		rec := numbered(0b111, 0, 3, bad, "a", "b", "c")
		w, err := NewWriter(io.Discard, rec.Schema(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); !errors.Is(err, errShort) {
			t.Errorf("numbers %v: error %v", bad, err)
		}
	}
}

// TestNullsNeedNoBuffer has columns that are all NULL and have nothing but a
// bitmap, and one that is not and should have more.
func TestNullsNeedNoBuffer(t *testing.T) {
	for _, c := range eachType(0, nil) {
		bare := func(bitmap byte) arrow.Record {
			buffers := []*memory.Buffer{memory.NewBufferBytes([]byte{bitmap}), nil}
			if c.typ == textType {
				buffers = append(buffers, nil)
				buffers[1] = memory.NewBufferBytes(make([]byte, 16))
			}
			arr := array.MakeFromData(array.NewData(c.typ, 3, buffers, nil, -1, 0))
			return array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: c.name, Type: c.typ}}, nil), []arrow.Array{arr}, 3)
		}
		var b bytes.Buffer
		write(t, &b, []arrow.Record{bare(0)}, Options{})
		if got, err := readByArrow(b.Bytes()); err != nil || diff(table{{nil, nil, nil}}, got) != "" {
			t.Errorf("%s: read %v, %v", c.name, got, err)
		}
		if c.typ == textType {
			continue // offsets of zeros are empty texts
		}
		w, err := NewWriter(io.Discard, bare(2).Schema(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(bare(2)); !errors.Is(err, errShort) {
			t.Errorf("%s: a value without a buffer: %v", c.name, err)
		}
	}
}

// failAfter fails every write after so many bytes.
type failAfter int

var errFull = errors.New("no space left")

func (f *failAfter) Write(b []byte) (int, error) {
	if *f -= failAfter(len(b)); *f < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	rec := record(eachType(30_000, func(i int) int { return i * 7919 % 30_011 })...)
	for _, parallel := range []int{1, 2} {
		for _, space := range []failAfter{0, 3, 100_000, 300_000} {
			w, err := NewWriter(&space, rec.Schema(), Options{Parallel: parallel})
			if err != nil {
				t.Fatal(err)
			}
			werr := w.Write(rec)
			if cerr := w.Close(); !errors.Is(cerr, errFull) || !strings.HasPrefix(cerr.Error(), "parquet: write: ") {
				t.Errorf("Close returns %v", cerr)
			}
			if werr != nil && !errors.Is(werr, errFull) {
				t.Errorf("Write returns %v", werr)
			}
		}
	}
}

func TestClose(t *testing.T) {
	rec := record(eachType(3, func(i int) int { return i })...)
	var b bytes.Buffer
	w, err := NewWriter(&b, rec.Schema(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := b.Len()
	if err := w.Close(); err != nil || b.Len() != size {
		t.Errorf("the second Close returns %v and writes %d bytes", err, b.Len()-size)
	}
	if err := w.Write(rec); !errors.Is(err, errClosed) {
		t.Errorf("Write after Close returns %v", err)
	}
	if diff := cmp.Diff(Stats{Bytes: int64(size)}, w.Stats()); diff != "" {
		t.Error(diff)
	}
}

// TestSameBytes holds that neither goroutines nor memory that was used before
// make a difference to the file.
func TestSameBytes(t *testing.T) {
	for _, c := range contents() {
		var alone, again, parallel bytes.Buffer
		pool := &Pool{}
		write(t, &alone, c.batches, Options{})
		write(t, io.Discard, []arrow.Record{record(eachType(9000, func(i int) int { return i*31 - i%3*i*31 - 1 })...)}, Options{Pool: pool})
		write(t, &again, c.batches, Options{Pool: pool})
		write(t, &parallel, c.batches, Options{Pool: pool, Parallel: 3})
		if !bytes.Equal(alone.Bytes(), again.Bytes()) {
			t.Errorf("%s: another file with memory used before", c.name)
		}
		if !bytes.Equal(alone.Bytes(), parallel.Bytes()) {
			t.Errorf("%s: another file from several goroutines", c.name)
		}
	}
}

// TestMemoryIsUsedAgain holds that a writer with a pool allocates next to
// nothing for one more record.
func TestMemoryIsUsedAgain(t *testing.T) {
	rec := record(eachType(20_000, func(i int) int { return i * 7919 % 20_011 })...)
	w, err := NewWriter(io.Discard, rec.Schema(), Options{Pool: &Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	// The smallest of several counts, since a collection may empty the pool, and
	// the race detector has it forget things at random. A value or a page that
	// allocated would count in the thousands.
	var counts []float64
	for range 5 {
		counts = append(counts, testing.AllocsPerRun(3, func() {
			if err := w.Write(rec); err != nil {
				t.Error(err)
			}
		}))
	}
	if most := 200.0; slices.Min(counts) > most {
		t.Errorf("%v allocations for a record, more than %v", slices.Min(counts), most)
	}
}

// TestSharedArray has one array in two columns that are encoded at once.
func TestSharedArray(t *testing.T) {
	rec := record(col{"a", textType, fill(1000, func(i int) any {
		if i%3 == 0 {
			return nil
		}
		return "x"
	})})
	arr := rec.NewSlice(1, 999).Column(0)
	fields := []arrow.Field{{Name: "a", Type: textType}, {Name: "b", Type: textType}, {Name: "c", Type: textType}}
	rec = array.NewRecord(arrow.NewSchema(fields, nil), []arrow.Array{arr, arr, arr}, int64(arr.Len()))
	var b bytes.Buffer
	write(t, &b, []arrow.Record{rec}, Options{Parallel: 3})
	got, err := readByArrow(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(tableOf([]arrow.Record{rec}), got); diff != "" {
		t.Error(diff)
	}
}
