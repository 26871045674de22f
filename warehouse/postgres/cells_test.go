package postgres

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/loader/parquet"
	"tapline/warehouse"
)

// Rows come out the same whether their part is tapline's own, whose texts stand
// in dictionaries, or Arrow's, which is read without any.
func TestCellsOfDictionaries(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for name, rec := range map[string]arrow.Record{
		"each value once": firstOf(randomRecord(r, 3*blockRows)), "many times": repeated(t, r, 17, 400), "one row": repeated(t, r, 1, 5000),
	} {
		t.Run(name, func(t *testing.T) {
			own, other := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "other")
			writeOwn(t, own, rec)
			writeOther(t, other, rec)
			want, err := streamed(t, other, formColumns())
			if err != nil {
				t.Fatal(err)
			}
			have, err := streamed(t, own, formColumns())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(have, want) {
				t.Errorf("%d bytes are not the same as %d", len(have), len(want))
			}
		})
	}
}

// What a column cannot hold is found in a dictionary too.
func TestCellsRefuse(t *testing.T) {
	for _, c := range []struct{ sql, value string }{
		{"text", "a\x00b"}, {"jsonb", "{"}, {"numeric", "abc"},
	} {
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "v", Type: text, Nullable: true}}, nil))
		defer b.Release()
		for range 100 {
			b.Field(0).(*array.StringBuilder).AppendValues([]string{"1", "2", c.value}, nil)
		}
		path := filepath.Join(t.TempDir(), "own")
		writeOwn(t, path, b.NewRecord())
		var refused *warehouse.SchemaError
		if _, err := streamed(t, path, []column{columnOf("v", c.sql, -1, "", false)}); !errors.As(err, &refused) || refused.Column != "v" {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}

func firstOf(rec arrow.Record, _ []string) arrow.Record { return rec }

// repeated is a record of so many random rows, again and again.
func repeated(t *testing.T, r *rand.Rand, rows, times int) arrow.Record {
	t.Helper()
	rec, _ := randomRecord(r, rows)
	columns := make([]arrow.Array, rec.NumCols())
	for i, a := range rec.Columns() {
		var err error
		if columns[i], err = array.Concatenate(slicesOf(a, times), memory.DefaultAllocator); err != nil {
			t.Fatal(err)
		}
	}
	return array.NewRecord(rec.Schema(), columns, int64(rows*times))
}

func slicesOf(a arrow.Array, times int) []arrow.Array {
	list := make([]arrow.Array, times)
	for i := range list {
		list[i] = a
	}
	return list
}

func writeOwn(t testing.TB, path string, rec arrow.Record) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquet.NewWriter(f, rec.Schema(), parquet.Options{})
	if err == nil {
		err = errors.Join(w.Write(rec), w.Close(), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writeOther(t testing.TB, path string, rec arrow.Record) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(rec.Schema(), f, nil, pqarrow.DefaultWriterProps())
	if err == nil {
		err = errors.Join(w.Write(rec), w.Close()) // which closes f
	}
	if err != nil {
		t.Fatal(err)
	}
}

// streamed is all that COPY would get of a part.
func streamed(t testing.TB, path string, columns []column) ([]byte, error) {
	t.Helper()
	var load []warehouse.Column
	for i, c := range columns {
		if len(columns) == formSchema().NumFields() {
			c.Type = formSchema().Field(i).Type
		}
		load = append(load, c.Column)
	}
	s := newStream(t.Context(), "t", []warehouse.LocalPart{{Name: filepath.Base(path), Path: path}}, columns, load)
	data, err := io.ReadAll(s)
	return data, errors.Join(s.stop(), strip(err))
}

// strip leaves out the error whose reason stop tells.
func strip(err error) error {
	if err != nil && strings.Contains(err.Error(), errStopped.Error()) {
		return nil
	}
	return err
}
