package clevertap

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindRealtime is the kind of the stream of who is there at this moment.
const KindRealtime = "realtime"

func realtimeKind() kind {
	return kind{
		name: KindRealtime, bare: true, keys: []string{"show"},
		about:  func(string) string { return "how many users were active in the last five minutes, one row per run" },
		check:  checkShow,
		slices: sliceNow, read: outline(realtimeOf).read,
	}
}

func checkShow(e Selection) error {
	for i, key := range e.Show {
		if !slices.Contains(breakdowns(), key) {
			return fmt.Errorf("show: %q is not one of %s", key, strings.Join(breakdowns(), ", "))
		}
		if slices.Contains(e.Show[:i], key) {
			return fmt.Errorf("show: %s is there twice", key)
		}
	}
	return nil
}

// sliceNow makes one slice of this moment, which no other run will have. A
// window that ends before today has none.
func sliceNow(_ context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	today := s.today()
	if !w.Until.IsZero() && (w.Until.Before(today) || !w.Since.Before(w.Until)) || today.Before(w.Since) {
		return nil, nil
	}
	return []exporter.Slice{{Stream: st, Name: s.c.now().UTC().Format(time.RFC3339)}}, nil
}

// The columns of the stream.
const (
	colAt        = "read_at"
	colProcessed = "last_processed_ts"
)

// realtimeOf is the one row of a slice. Breakdowns are columns that hold the
// vendor's object as JSON: what it tells apart is its own affair, and a
// session's source can be anything.
func realtimeOf(s *Source, sl exporter.Slice) (document, error) {
	_, e, err := s.kindOf(sl.Stream)
	if err != nil {
		return document{}, err
	}
	show := map[string]bool{}
	cols := []format.Declared{
		{Name: colAt, Kind: exporter.Time}, {Name: colCount, Kind: exporter.Int}, {Name: colProcessed, Kind: exporter.Time},
	}
	for _, key := range e.Show {
		show[key] = true
		cols = append(cols, format.Declared{Name: key, Kind: exporter.Text})
	}
	q := call{op: "count the users of this moment", api: KindRealtime, method: http.MethodPost, path: "/1/now.json", polls: true}
	if q.body, err = json.Marshal(show); err != nil {
		return document{}, fmt.Errorf("clevertap: %s: %w", q.op, err)
	}
	return document{
		call: q, list: s.only(q, colCount), columns: cols, root: realtimeNode,
		constants: func(b *format.Builder) func() {
			// The slice is named by when it was planned; this is when it was read.
			at, micros := b.Column(colAt), s.c.now().UnixMicro()
			return func() { at.Time(micros) }
		},
	}, nil
}

func realtimeNode(b *format.Builder) fjson.Node {
	processed := b.Column(colProcessed)
	fields := append(flat(breakdowns()...).Fields,
		fjson.Field{Key: colCount, Node: wholeNode(b.Column(colCount))},
		fjson.Field{Key: colProcessed, Node: fjson.Node{Column: colProcessed, Convert: func(_ fjson.Kind, text []byte) string {
			secs, err := strconv.ParseInt(string(text), 10, 64)
			if err != nil || secs < format.MinSeconds || secs > format.MaxSeconds {
				return ReasonTime
			}
			processed.Time(secs * 1e6)
			return ""
		}}})
	return answerNode(fields...)
}

// breakdowns are what the vendor tells the users apart by. Source:
// developer.clevertap.com, "Real-time counts", read 2026-11-22.
func breakdowns() []string {
	return []string{"user_type", "session_source", "browser", "os", "device", "new"}
}
