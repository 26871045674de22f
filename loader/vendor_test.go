package loader_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A row is a record of the fake vendor: bool, int, float64, string, time.Time
// (a day at midnight counts as an instant too) or nil; bad("text") is a cell
// that the source rejects, and the key "!" rejects the whole row.
type row map[string]any

type bad string

// A vendor is a source in memory: streams of days of rows.
type vendor struct {
	mu        sync.Mutex
	streams   []exporter.Stream
	days      map[string]map[exporter.Day][]row // stream -> day -> rows
	revision  string                            // of every slice
	batchRows int
	expire    int              // reads from a cursor that fail with ErrCursorExpired, still to come
	refuse    map[string]error // by stream and slice; by stream alone its slices
	readable  bool             // Replay finds whole rows readable
	reads     map[string]int
}

func newVendor(batchRows int, events ...string) *vendor {
	v := &vendor{days: map[string]map[exporter.Day][]row{}, batchRows: batchRows, refuse: map[string]error{}, reads: map[string]int{}}
	for _, e := range events {
		v.streams = append(v.streams, exporter.Stream{Name: "events/" + e, Kind: "events", Vars: map[string]string{"event": e}, Partition: "event_date"})
		v.days["events/"+e] = map[exporter.Day][]row{}
	}
	return v
}

func day(n int) exporter.Day { return exporter.Day{Year: 2026, Month: time.September, Day: n} }

func (v *vendor) add(event string, d int, rows ...row) {
	v.mu.Lock()
	defer v.mu.Unlock()
	days := v.days["events/"+event]
	days[day(d)] = append(days[day(d)], rows...)
}

func (v *vendor) Streams(context.Context) ([]exporter.Stream, error) { return v.streams, nil }

func (v *vendor) Slices(_ context.Context, s exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.refuse[s.Name]; err != nil {
		return nil, err
	}
	var out []exporter.Slice
	for _, d := range slices.SortedFunc(maps.Keys(v.days[s.Name]), func(a, b exporter.Day) int { return cmp.Compare(a.Epoch(), b.Epoch()) }) {
		if w.Contains(d) {
			out = append(out, exporter.Slice{Stream: s, Name: d.String(), Day: d, Revision: v.revision})
		}
	}
	return out, nil
}

func (v *vendor) Read(ctx context.Context, s exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		v.mu.Lock()
		rows := slices.Clone(v.days[s.Stream.Name][s.Day])
		v.reads[s.Stream.Name+"/"+s.Name]++
		size, refused, expired := v.batchRows, v.refuse[s.Stream.Name+"/"+s.Name], after != "" && v.expire > 0
		if expired {
			v.expire--
		}
		v.mu.Unlock()
		if refused != nil || expired {
			yield(exporter.Batch{}, cmp.Or(refused, error(exporter.ErrCursorExpired)))
			return
		}
		from := 0
		if after != "" {
			from, _ = strconv.Atoi(string(after))
		}
		b := format.NewBuilder(memory.DefaultAllocator)
		for from < len(rows) {
			if ctx.Err() != nil {
				yield(exporter.Batch{}, ctx.Err())
				return
			}
			to := min(from+size, len(rows))
			batch := makeBatch(b, s, rows[from:to])
			batch.Cursor = exporter.Cursor(strconv.Itoa(to))
			ok := yield(batch, nil)
			if batch.Record != nil {
				batch.Record.Release()
			}
			if !ok {
				return
			}
			from = to
		}
	}
}

// Replay reads a rejected row's text, which is "amount=<int>".
func (v *vendor) Replay(_ context.Context, s exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		var rows []row
		for _, text := range raw {
			var n int
			if _, err := fmt.Sscanf(text, "amount=%d", &n); err != nil || !v.readable {
				rows = append(rows, row{"!": text})
			} else {
				rows = append(rows, row{"amount": n})
			}
		}
		yield(makeBatch(format.NewBuilder(memory.DefaultAllocator), s, rows), nil)
	}
}

func makeBatch(b *format.Builder, s exporter.Slice, rows []row) exporter.Batch {
	for _, r := range rows {
		b.BeginRow()
		if text, rejected := r["!"]; rejected {
			b.RejectRow(exporter.Reject{Reason: "test.row", Place: "here", Raw: fmt.Sprint(text)})
			continue
		}
		b.Column("event_date").Date(s.Day.Epoch())
		for _, name := range slices.Sorted(maps.Keys(r)) {
			c := b.Column(name)
			switch x := r[name].(type) {
			case bool:
				c.Bool(x)
			case int:
				c.Int(int64(x))
			case float64:
				c.Float(x)
			case string:
				c.Text([]byte(x))
			case time.Time:
				c.Time(x.UnixMicro())
			case bad:
				b.RejectCell(c, exporter.Reject{Reason: "test.cell", Place: "here", Raw: string(x)})
			}
		}
		b.EndRow()
	}
	return b.Flush()
}
