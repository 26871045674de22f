package loader

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/exporter"
	"tapline/objstore"
	"tapline/warehouse"
)

// An entry is one row of the quarantine before it is written.
type entry struct {
	Row                                int64 // of the load
	Column, Source, Reason, Place, Raw string
}

// cause says, for people, what was wrong where.
func (e entry) cause() string {
	if e.Column == "" {
		return "whole rows: " + e.Reason
	}
	return "column " + e.Column + ": " + e.Reason
}

// entries gives a batch's rejects their places in the load.
func (s *stager) entries(rejects []exporter.Reject, table layout) []entry {
	out := make([]entry, len(rejects))
	for i, r := range rejects {
		out[i] = entry{Row: s.rows + r.Row, Source: r.Column, Reason: r.Reason, Place: r.Place, Raw: r.Raw}
		if r.Column != "" {
			if out[i].Column = table.column(r.Column); out[i].Column == "" {
				out[i].Column = Name(r.Column)
			}
		}
	}
	return out
}

// putRejects writes entries, which are in row order, as a quarantine part.
func (s *stager) putRejects(ctx context.Context, suffix string, entries []entry) (*rejectsPart, error) {
	rec := s.l.quarantineRecord(s.m, entries)
	defer rec.Release()
	o, err := s.put(ctx, suffix, rec)
	if err != nil {
		return nil, err
	}
	part := &rejectsPart{Object: named(o), Causes: map[string]int64{}}
	last := int64(-1)
	for _, e := range entries {
		part.Causes[e.cause()]++
		if e.Column == "" {
			part.Rows++
		} else {
			part.Cells++
		}
		if e.Row != last {
			part.Bad++
			last = e.Row
		}
	}
	return part, nil
}

// quarantineRecord has the shape of warehouse.QuarantineColumns.
func (l *Loader) quarantineRecord(m *manifest, entries []entry) arrow.Record {
	var fields []arrow.Field
	for _, c := range warehouse.QuarantineColumns() {
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: true})
	}
	b := array.NewRecordBuilder(l.mem, arrow.NewSchema(fields, nil))
	defer b.Release()
	text := func(i int, s string) { b.Field(i).(*array.StringBuilder).Append(s) }
	slice := l.sliceID(m.Stream, m.Slice)
	for _, e := range entries {
		text(0, m.Load)
		text(1, slice)
		text(2, m.Table)
		b.Field(3).(*array.Int64Builder).Append(e.Row)
		text(4, e.Column)
		text(5, e.Source)
		text(6, e.Reason)
		text(7, e.Place)
		text(8, e.Raw)
		b.Field(9).(*array.TimestampBuilder).Append(arrow.Timestamp(m.ReadAt.UnixMicro()))
	}
	return b.NewRecord()
}

// readRejects reads entries back from the stage.
func (l *Loader) readRejects(ctx context.Context, o objstore.Object) ([]entry, error) {
	rec, err := l.readPart(ctx, o)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	want := warehouse.QuarantineColumns()
	if int(rec.NumCols()) != len(want) {
		return nil, fmt.Errorf("%s has %d columns, want %d", o.Name, rec.NumCols(), len(want))
	}
	rows, ok := rec.Column(3).(*array.Int64)
	text := make([]*array.String, len(want))
	for _, i := range []int{4, 5, 6, 7, 8} {
		var isText bool
		text[i], isText = rec.Column(i).(*array.String)
		ok = ok && isText
	}
	if !ok {
		return nil, fmt.Errorf("%s does not hold quarantine rows", o.Name)
	}
	out := make([]entry, rec.NumRows())
	for i := range out {
		out[i] = entry{rows.Value(i), text[4].Value(i), text[5].Value(i), text[6].Value(i), text[7].Value(i), text[8].Value(i)}
	}
	return out, nil
}
