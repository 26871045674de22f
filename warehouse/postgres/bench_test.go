package postgres

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/jackc/pgx/v5"

	"tapline/loader/parquet"
	"tapline/warehouse"
	"tapline/warehouse/parts"
	"tapline/warehouse/postgres/pgtest"
)

const (
	benchRows  = 122_880
	benchParts = 4
)

// BenchmarkLoad loads parts of 122,880 rows of 30 columns, and in the same run
// lets the server take the same rows from a ready file in COPY's binary format,
// and through pgx's CopyFrom, which makes a Go value of each cell. It reports
// rows/s, and as ratios the speed to that of the ready file (target: at least
// 0.9) and the client's processor time to that of pgx (target: at most 0.33).
// Each way starts from an empty table with the same index.
func BenchmarkLoad(b *testing.B) {
	address := pgtest.NewDatabase(b)
	w := open(b, Config{URL: address})
	l := benchLoad(b)
	ready := readyFile(b, l)
	var ours, file, pgxs cost
	for n := 0; b.Loop(); n++ {
		l.Table, l.ID = fmt.Sprint("t", n), fmt.Sprint("load", n)
		for name, into := range map[string]*cost{l.Table: &ours, fmt.Sprint("f", n): &file, fmt.Sprint("x", n): &pgxs} {
			if err := w.Ensure(b.Context(), warehouse.Table{Name: name, Columns: l.Columns}); err != nil {
				b.Fatal(err)
			}
			into.measure(b, func() error {
				switch into {
				case &ours:
					return w.within(b.Context(), mode{}, func(t *tx) error {
						_, _, err := t.insert(b.Context(), sameRows(l), partsOf(l), mustColumns(b, t, name))
						return err
					})
				case &file:
					return copyReady(b, w, ready, name, l)
				}
				return copyWithPgx(b, address, name, l)
			})
			pgtest.Exec(b, address, "DROP TABLE "+name)
		}
	}
	rows := float64(l.RowsLoaded)
	b.ReportMetric(rows*float64(b.N)/ours.wall.Seconds(), "rows/s")
	b.ReportMetric(rows*float64(b.N)/file.wall.Seconds(), "file-rows/s")
	b.ReportMetric(rows*float64(b.N)/pgxs.wall.Seconds(), "pgx-rows/s")
	b.ReportMetric(file.wall.Seconds()/ours.wall.Seconds(), "speed/file")
	b.ReportMetric(ours.cpu.Seconds()/pgxs.cpu.Seconds(), "cpu/pgx")
}

// BenchmarkEncode is the encoder alone: records to bytes.
func BenchmarkEncode(b *testing.B) {
	rec := benchRecord(benchRows, 0, benchColumns(), "load")
	defer rec.Release()
	var columns []column
	var source []int
	for i, c := range benchColumns() {
		columns = append(columns, columnOf(c.Name, sqlType(c.Type), -1, "", false))
		source = append(source, i)
	}
	e := newEncoder("t", columns)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.open(rec, source); err != nil {
			b.Fatal(err)
		}
		for row := 0; row < benchRows; {
			_, row = e.encode(row, benchRows)
		}
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// A cost is what something took: time, and processor time of this process, the
// server's not among it.
type cost struct{ wall, cpu time.Duration }

func (c *cost) measure(b *testing.B, f func() error) {
	b.Helper()
	began, spent := time.Now(), processorTime(b)
	if err := f(); err != nil {
		b.Fatal(err)
	}
	c.wall += time.Since(began)
	c.cpu += processorTime(b) - spent
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sameRows is the load as its parts carry it, whatever table it goes to.
func sameRows(l warehouse.Load) warehouse.Load {
	l.ID = "load"
	return l
}

func partsOf(l warehouse.Load) []warehouse.LocalPart {
	var parts []warehouse.LocalPart
	for _, p := range l.Parts {
		parts = append(parts, warehouse.LocalPart{Name: p.Name, Path: p.Path})
	}
	return parts
}

func mustColumns(b *testing.B, t *tx, table string) []column {
	b.Helper()
	columns, err := t.columns(b.Context(), table)
	if err != nil {
		b.Fatal(err)
	}
	return columns
}

func copyReady(b *testing.B, w *Warehouse, path, table string, l warehouse.Load) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	return w.within(b.Context(), mode{}, func(t *tx) error {
		text, err := t.text("copy", data{"Table": table, "Temp": false, "Columns": namesOf(mustColumns(b, t, table))})
		if err == nil {
			_, err = t.conn.CopyFrom(b.Context(), in, text)
		}
		return err
	})
}

func copyWithPgx(b *testing.B, address, table string, l warehouse.Load) error {
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		return err
	}
	defer conn.Close(b.Context())
	var names []string
	for _, c := range l.Columns {
		names = append(names, c.Name)
	}
	rows := &cellRows{b: b, parts: partsOf(l)}
	n, err := conn.CopyFrom(b.Context(), pgx.Identifier{table}, names, pgx.CopyFromFunc(rows.next))
	if err == nil && n != l.RowsLoaded {
		err = fmt.Errorf("%d rows", n)
	}
	return err
}

// cellRows are the rows of parts as pgx takes them.
type cellRows struct {
	b     *testing.B
	parts []warehouse.LocalPart
	part  parts.Reader
	open  bool // part is
	rec   arrow.Record
	row   int
}

func (c *cellRows) next() ([]any, error) {
	for c.rec == nil || c.row == int(c.rec.NumRows()) {
		if !c.open {
			if len(c.parts) == 0 {
				return nil, nil
			}
			if err := c.part.Open(c.b.Context(), c.parts[0].Path); err != nil {
				return nil, err
			}
			c.parts, c.open = c.parts[1:], true
		}
		var err error
		c.rec, err = c.part.Next()
		if c.row = 0; errors.Is(err, io.EOF) {
			if err := c.part.Close(); err != nil {
				return nil, err
			}
			c.rec, c.open = nil, false
		} else if err != nil {
			return nil, err
		}
	}
	row := make([]any, c.rec.NumCols())
	for i, a := range c.rec.Columns() {
		row[i] = cellOf(a, c.row)
	}
	c.row++
	return row, nil
}

func cellOf(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Date32:
		return a.Value(i).ToTime()
	case *array.Timestamp:
		return time.UnixMicro(int64(a.Value(i)))
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i))
	}
	return a.(*array.String).Value(i)
}

// benchColumns are those of an event: texts of few and of many values, numbers,
// times, and tapline's four.
func benchColumns() []warehouse.Column {
	list := []any{"ts", stampType(), "event_date", date, "event_name", text, "object_id", text}
	for i := range 8 {
		list = append(list, fmt.Sprint("text", i), text)
	}
	for i := range 6 {
		list = append(list, fmt.Sprint("int", i), integr)
	}
	for i := range 6 {
		list = append(list, fmt.Sprint("float", i), float)
	}
	return columnsOf(append(list, "flag", boolean, "other", boolean)...)
}

func benchRecord(rows, from int, columns []warehouse.Column, id string) arrow.Record {
	var fields []arrow.Field
	for _, c := range columns {
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	r := rand.New(rand.NewPCG(1, uint64(from)))
	for row := range rows {
		for i, c := range columns {
			switch f := b.Field(i).(type) {
			case *array.BooleanBuilder:
				f.Append(row%3 == 0)
			case *array.Int64Builder:
				if c.Name == warehouse.ColRow {
					f.Append(int64(from + row))
				} else {
					f.Append(r.Int64N(1_000_000))
				}
			case *array.Float64Builder:
				f.Append(float64(r.Int64N(1_000_000)) / 100)
			case *array.Date32Builder:
				f.Append(arrow.Date32FromTime(moment()))
			case *array.TimestampBuilder:
				at := moment().UnixMicro()
				if c.Name == "ts" {
					at += int64(row) * 1000
				}
				f.Append(arrow.Timestamp(at))
			case *array.StringBuilder:
				appendBenchText(r, f, c.Name, id)
			}
		}
	}
	return b.NewRecord()
}

func appendBenchText(r *rand.Rand, f *array.StringBuilder, name, id string) {
	switch {
	case name == warehouse.ColSlice:
		f.Append("pipeline/events/2026-11-22")
	case name == warehouse.ColLoad:
		f.Append(id)
	case name == "object_id":
		f.Append(fmt.Sprintf("%032x", r.Uint64()))
	case r.IntN(4) == 0:
		f.AppendNull()
	default:
		f.Append([]string{"Order Placed", "android", "Bengaluru", "https://example.com/a/page?of=a-shop"}[r.IntN(4)])
	}
}

func benchLoad(b *testing.B) warehouse.Load {
	b.Helper()
	l := warehouse.Load{
		ID: "load", Pipeline: "pipeline", Stream: "events", Slice: "pipeline/events/2026-11-22", ReadAt: moment(), Mode: warehouse.Replace,
		Columns: benchColumns(), RowsRead: benchRows * benchParts, RowsLoaded: benchRows * benchParts,
	}
	dir := b.TempDir()
	for i := range benchParts {
		rec := benchRecord(benchRows, i*benchRows, l.Columns, l.ID)
		path := filepath.Join(dir, fmt.Sprint(i, ".parquet"))
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		w, err := parquet.NewWriter(f, rec.Schema(), parquet.Options{Codec: parquet.Snappy, Pool: &parquet.Pool{}})
		if err == nil {
			err = errors.Join(w.Write(rec), w.Close(), f.Close())
		}
		if err != nil {
			b.Fatal(err)
		}
		rec.Release()
		l.Parts = append(l.Parts, warehouse.Part{Name: filepath.Base(path), Path: path, Rows: benchRows})
	}
	return l
}

// readyFile is the load in COPY's binary format.
func readyFile(b *testing.B, l warehouse.Load) string {
	b.Helper()
	var columns []column
	for _, c := range l.Columns {
		columns = append(columns, columnOf(c.Name, sqlType(c.Type), -1, "", false))
	}
	path := filepath.Join(b.TempDir(), strings.ReplaceAll(l.ID, "/", "_")+".copy")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	s := newStream(b.Context(), "t", partsOf(l), columns, l.Columns)
	_, err = io.Copy(out, s)
	if err = errors.Join(err, s.stop(), out.Close()); err != nil {
		b.Fatal(err)
	}
	return path
}
