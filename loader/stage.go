package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/sourcegraph/conc"

	"tapline/exporter"
	"tapline/loader/parquet"
	"tapline/objstore"
)

// restarts is how often a slice is read from its start again because the
// vendor forgot the cursor.
const restarts = 3

// manifestPace is how often at most a manifest in a bucket is written anew while
// parts come quickly. Google takes one write of an object a second, see
// https://cloud.google.com/storage/quotas#objects (read 2026-11-22), and every
// one costs. A crash has this much read again, and a batch more.
const manifestPace = time.Second

// A stager reads one slice and makes it durable on the stage.
type stager struct {
	l     *Loader
	t     *task
	m     *manifest
	guess *guess
	group *group
	seq   int   // of the next object this run writes for the load
	rows  int64 // read so far

	made    map[string]objstore.Object // what this run wrote for the load
	remote  bool                       // the stage is not on this machine
	named   time.Time                  // when the manifest was last written
	unnamed bool                       // the written manifest lacks parts that are durable

	constants constants
}

// save writes the manifest.
func (s *stager) save(ctx context.Context) error {
	if err := s.l.shelf.save(ctx, s.m); err != nil {
		return err
	}
	s.named, s.unnamed = time.Now(), false
	return nil
}

// part is an object of the load as the stage told it when this run wrote it; of
// an earlier run's, only the name is known.
func (s *stager) part(o object) objstore.Object {
	if made, ok := s.made[o.Name]; ok {
		return made
	}
	return objstore.Object{Name: o.Name}
}

// begin returns the manifest to go on with: the one that was found, taken over,
// or a new one.
func (l *Loader) begin(ctx context.Context, t *task) (*manifest, error) {
	if m := t.found; m != nil {
		m.Run = l.cfg.Run
		return m, l.shelf.save(ctx, m)
	}
	revision := t.slice.Revision
	if revision == "" {
		revision = l.cfg.Run
	}
	m := &manifest{
		Version: manifestVersion, Table: t.table, Stream: t.stream.Name, Slice: t.slice.Name, Day: t.slice.Day,
		Load:     loadID(l.cfg.Pipeline, t.table, t.stream.Name, t.slice.Name, revision),
		Revision: revision, Run: l.cfg.Run, Rules: t.rules.fingerprint(),
		// Later slices count as read later, whatever order they are begun in.
		ReadAt: l.started.Add(time.Duration(t.order) * time.Microsecond),
	}
	return m, l.shelf.save(ctx, m) // an older one was swept: whose is there now is another run's
}

// stage reads what is not durable yet of the slice and closes its list of parts.
func (s *stager) stage(ctx context.Context) error {
	if s.m.Complete {
		return nil
	}
	s.rows, _, _ = s.m.read()
	defer func() { s.constants = constants{} }() // a staged slice may wait for long
	for try := 0; ; try++ {
		err := s.drain(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, exporter.ErrCursorExpired) || try == restarts || ctx.Err() != nil {
			return err
		}
		s.l.log.Info("the vendor forgot the cursor: reading the slice again from its start", "stream", s.t.stream.Name, "slice", s.t.slice.Name, "rows", s.rows)
		if err := s.restart(ctx); err != nil {
			return err
		}
	}
	s.m.Complete = true
	return s.save(ctx)
}

// restart drops what is staged of the load: the manifest forgets it first.
func (s *stager) restart(ctx context.Context) error {
	old := *s.m
	s.m.Parts, s.m.Schemas, s.rows = nil, nil, 0
	if err := s.save(ctx); err != nil {
		return err
	}
	return s.l.shelf.removeUnnamed(ctx, old.objects(), s.m)
}

// A piece is a batch on its way from the reading to the writing goroutine.
type piece struct {
	record  arrow.Record
	kinds   []exporter.Kinds
	rejects []exporter.Reject
	rows    int64 // read
	bytes   int64
	cursor  exporter.Cursor
	release func() // gives its share of the memory back
}

// drain reads the source from the manifest's cursor. One goroutine pulls
// batches, this one encodes them: a slice alone then keeps two cores busy.
func (s *stager) drain(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	pieces := make(chan piece)
	var readErr error
	var reader conc.WaitGroup
	reader.Go(func() {
		defer close(pieces)
		readErr = s.pull(ctx, pieces)
	})
	var writeErr error
	for p := range pieces {
		if writeErr == nil {
			if writeErr = s.write(ctx, p); writeErr != nil {
				stop()
			}
		}
		p.release()
		if p.record != nil {
			p.record.Release()
		}
	}
	reader.Wait()
	if writeErr != nil {
		return writeErr
	}
	if readErr != nil && s.unnamed { // the next run goes on from here
		return errors.Join(readErr, s.save(context.WithoutCancel(ctx)))
	}
	return readErr
}

// pull sends the source's batches, shaped by the column rules, to pieces. It
// takes memory before it asks for a batch.
func (s *stager) pull(ctx context.Context, pieces chan<- piece) error {
	release, err := s.room(ctx)
	if err != nil {
		return err
	}
	defer func() { release() }()
	began := time.Now()
	for b, err := range s.l.cfg.Source.Read(ctx, s.t.slice, s.m.cursor()) {
		if err != nil {
			return err
		}
		s.l.spent(&s.l.readTime, began)
		p := piece{rows: b.Rows, bytes: b.Bytes, cursor: b.Cursor, release: release}
		p.record, p.kinds, p.rejects = s.t.rules.apply(s.l.mem, b)
		if err := checkBatch(b); err != nil {
			return fmt.Errorf("loader: %s %s: %w", s.t.stream.Name, s.t.slice.Name, err)
		}
		release = func() {}
		select {
		case pieces <- p:
		case <-ctx.Done():
			p.release()
			if p.record != nil {
				p.record.Release()
			}
			return context.Cause(ctx)
		}
		next, err := s.room(ctx)
		if err != nil {
			return err
		}
		release, began = next, time.Now()
	}
	return context.Cause(ctx)
}

// checkBatch refuses a batch whose own numbers do not add up.
func checkBatch(b exporter.Batch) error {
	var whole, rows int64
	for _, r := range b.Rejects {
		if r.Column == "" {
			whole++
		}
	}
	if b.Record != nil {
		rows = b.Record.NumRows()
	}
	if rows+whole != b.Rows {
		return fmt.Errorf("batch of %d rows read has %d rows and %d rejected ones", b.Rows, rows, whole)
	}
	return nil
}

// write makes a batch a part: the objects first, then the manifest names them,
// on a stage in a bucket together with those that follow soon.
// Once begun it is finished even if ctx ends: that is the checkpoint.
func (s *stager) write(ctx context.Context, p piece) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	ctx = context.WithoutCancel(ctx)
	began := time.Now()
	defer s.l.spent(&s.l.stageTime, began)

	part := stagedPart{Read: p.rows, Bytes: p.bytes, Cursor: p.cursor}
	table := s.guess.columns(p)
	if p.record != nil && p.record.NumRows() > 0 {
		record := table.record(s.l, p.record)
		defer record.Release()
		rows := ordinals(s.rows, p.rows, p.rejects)
		full := s.l.withSystem(record, s.m, rows, &s.constants)
		defer full.Release()
		o, err := s.put(ctx, "", full)
		if err != nil {
			return err
		}
		part.Object = named(o)
		part.Rows = full.NumRows()
	}
	part.Schema, part.Kinds = s.m.schema(table.schema), p.kinds
	if len(p.rejects) > 0 {
		var err error
		if part.Rejects, err = s.putRejects(ctx, "-rejects", s.entries(p.rejects, table)); err != nil {
			return err
		}
	}
	s.m.Parts = append(s.m.Parts, part)
	s.rows += p.rows
	s.unnamed = true
	if !s.remote || time.Since(s.named) >= manifestPace {
		if err := s.save(ctx); err != nil {
			return err
		}
	}
	s.l.observe(s.progress(Progress))
	return nil
}

// progress describes how far the slice is.
func (s *stager) progress(kind EventKind) Event {
	e := s.t.event(kind)
	e.Rows, e.Bytes, e.Quarantined = s.m.read()
	return e
}

// put writes a record as an object of the load.
func (s *stager) put(ctx context.Context, suffix string, rec arrow.Record) (objstore.Object, error) {
	name := s.l.shelf.partName(s.m, s.seq, suffix)
	s.seq++
	o, err := s.l.cfg.Stage.Put(ctx, name, objstore.Precondition{}, func(w io.Writer) error {
		return s.l.encode(w, rec)
	})
	if err != nil {
		return o, fmt.Errorf("loader: part of %s %s: %w", s.m.Stream, s.m.Slice, err)
	}
	if s.made == nil {
		s.made = map[string]objstore.Object{}
	}
	s.made[o.Name], s.remote = o, o.Path == ""
	return o, nil
}

// named is what a manifest says of an object.
func named(o objstore.Object) object { return object{Name: o.Name, Size: o.Size} }

// encode writes a record as a Parquet file.
func (l *Loader) encode(w io.Writer, rec arrow.Record) error {
	pw, err := parquet.NewWriter(w, rec.Schema(), parquet.Options{Codec: l.codec, Parallel: l.parallel, Pool: l.pages})
	if err != nil {
		return err
	}
	if err := pw.Write(rec); err != nil {
		return errors.Join(err, pw.Close())
	}
	return pw.Close()
}

// ordinals returns the places, among all rows read of the load, of the rows
// that were not rejected whole.
func ordinals(base, read int64, rejects []exporter.Reject) []int64 {
	out := make([]int64, 0, read)
	next := int64(0)
	for _, r := range rejects {
		if r.Column != "" {
			continue
		}
		for ; next < r.Row; next++ {
			out = append(out, base+next)
		}
		next++
	}
	for ; next < read; next++ {
		out = append(out, base+next)
	}
	return out
}

// withSystem adds tapline's four columns to a record.
func (l *Loader) withSystem(rec arrow.Record, m *manifest, rows []int64, c *constants) arrow.Record {
	c.grow(l, m, len(rows))
	fields := append([]arrow.Field{}, rec.Schema().Fields()...)
	cols := append([]arrow.Array{}, rec.Columns()...)
	places := array.NewInt64Builder(l.mem)
	defer places.Release()
	places.AppendValues(rows, nil)
	place := places.NewArray()
	defer place.Release()
	for i, sys := range systemColumns() {
		col := place
		if c.cols[i] != nil {
			col = array.NewSlice(c.cols[i], 0, int64(len(rows)))
			defer col.Release()
		}
		fields = append(fields, arrow.Field{Name: sys.Name, Type: col.DataType(), Nullable: true})
		cols = append(cols, col)
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows())
}

// constants are the columns that are the same in every row of a load, made once
// for all its parts; nil where a column is not.
type constants struct {
	rows int
	cols [4]arrow.Array
}

// grow makes the columns at least n rows long. The Go allocator frees old ones.
func (c *constants) grow(l *Loader, m *manifest, n int) {
	if n <= c.rows {
		return
	}
	c.rows = n
	numbers := memory.NewBufferBytes(make([]byte, n)) // the first text, n times
	c.cols[0] = repeated(l, l.sliceID(m.Stream, m.Slice), numbers)
	c.cols[1] = repeated(l, m.Load, numbers)
	at := array.NewTimestampBuilder(l.mem, systemColumns()[3].Type.(*arrow.TimestampType))
	defer at.Release()
	at.Reserve(n)
	for range n {
		at.UnsafeAppend(arrow.Timestamp(m.ReadAt.UnixMicro()))
	}
	c.cols[3] = at.NewArray()
}

// repeated is a column of one text, as a dictionary of that alone: a text for
// each row would take megabytes.
func repeated(l *Loader, s string, numbers *memory.Buffer) arrow.Array {
	b := array.NewStringBuilder(l.mem)
	defer b.Release()
	b.Append(s)
	dict := b.NewArray()
	defer dict.Release()
	data := array.NewDataWithDictionary(constantType(), numbers.Len(), []*memory.Buffer{nil, numbers}, 0, 0, dict.Data().(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

func constantType() arrow.DataType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
}
