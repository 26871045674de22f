package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/exporter"
)

func newPreview(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "preview PIPELINE[.STREAM]", Short: "The first rows of a stream, as its source gives them",
		Long: `preview reads one page of the newest slice that has rows, under the vendor's names and
before any column rule. It loads and stages nothing.

With --explain it reads all of the slice and says why each column has its type.`,
		Example: `  tapline preview orders
  tapline preview drops --explain
  tapline preview "orders.Order Placed" --limit 5 -o json`,
		Args: cobra.ExactArgs(1),
	}
	limit := cmd.Flags().Int("limit", 10, "how many rows to show")
	name := cmd.Flags().String("slice", "", "the slice to read, a day or an object's name, instead of the newest")
	why := cmd.Flags().Bool("explain", false, "read all of the slice and say why each column has its type")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		if *limit < 1 {
			return nil, usageError{fmt.Errorf("--limit %d: want 1 or more", *limit), cmd.CommandPath() + " --help"}
		}
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		pl, stream, err := p.pipelineAndStream(args[0])
		if err != nil {
			return nil, err
		}
		batch := *limit
		if *why {
			batch = 0 // the source's own: all of it is read
		}
		s, err := p.source(ctx, pl, batch)
		if err != nil {
			return nil, err
		}
		defer p.closeSource(s)
		window, err := windowOf(pl)
		if err != nil {
			return nil, err
		}
		return previewed(ctx, s, previewOf{stream, *name, window, *limit, *why, func(s exporter.Stream) string { return pl.Streams[s.Entry].Via }})
	})
	return cmd
}

// pipelineAndStream splits "orders.Order Placed". Names of pipelines may hold
// dots themselves, so the whole text is tried first.
func (p *project) pipelineAndStream(selector string) (pl config.Pipeline, stream string, err error) {
	if pl, ok := p.cfg.Pipeline(selector); ok {
		return pl, "", nil
	}
	for i, r := range selector {
		if r != '.' {
			continue
		}
		if pl, ok := p.cfg.Pipeline(selector[:i]); ok {
			return pl, selector[i+1:], nil
		}
	}
	return pl, "", p.noPipeline(selector)
}

// previewOf says what to preview.
type previewOf struct {
	stream, slice string // "" = the first; the newest that has rows
	window        exporter.Window
	limit         int
	explain       bool
	via           func(exporter.Stream) string // who reads the stream's objects in a run; "" = tapline
}

// passes reports whether err says that a slice has nothing yet, so that an
// older one is looked at.
func (o previewOf) passes(err error) bool {
	return o.slice == "" && errors.Is(err, exporter.ErrNotReady)
}

// previewed reads the first batch of the stream's newest slice that has rows,
// or all of it.
func previewed(ctx context.Context, s exporter.Source, o previewOf) (view, error) {
	streams, err := s.Streams(ctx)
	if err != nil {
		return nil, err
	}
	stream, err := chosen(streams, o.stream)
	if err != nil {
		return nil, err
	}
	all, err := s.Slices(ctx, stream, o.window)
	if err != nil {
		return nil, err
	}
	candidates, err := newestFirst(all, o.slice)
	if err != nil {
		return nil, err
	}
	for _, slice := range candidates {
		if o.explain {
			e, err := explain(ctx, s, slice)
			if o.passes(err) {
				continue
			}
			if err == nil {
				e.Via = readBy(ctx, s, slice, o.via(stream))
			}
			if err != nil || e.Rows > 0 {
				return e, err
			}
			continue
		}
		p, err := firstRows(ctx, s, slice, o.limit)
		if o.passes(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p != nil {
			p.Via = readBy(ctx, s, slice, o.via(stream))
			return p, nil
		}
	}
	if o.explain {
		return &explanation{Stream: stream.Name, Columns: []explained{}}, nil
	}
	return &preview{Stream: stream.Name, rows: rows{Columns: []rowsColumn{}, Rows: [][]any{}}}, nil
}

// firstRows reads the first batch of the slice that has rows; nil = none has.
func firstRows(ctx context.Context, s exporter.Source, slice exporter.Slice, limit int) (*preview, error) {
	for batch, err := range s.Read(ctx, slice, "") {
		if err != nil {
			return nil, err
		}
		if batch.Record != nil && batch.Record.NumRows() > 0 {
			r := newRows(batch.Record, limit)
			for i := range r.Columns {
				r.Columns[i].Held = batch.Kinds[i].String()
			}
			return &preview{Stream: slice.Stream.Name, Slice: slice.Name, Format: howRead(ctx, s, slice), Rejected: int64(len(batch.Rejects)), rows: r,
				wholeRows: wholeRows(batch.Rejects)}, nil
		}
	}
	return nil, nil
}

// chosen finds a stream by its name or by one of its variables, the event's name.
func chosen(streams []exporter.Stream, name string) (exporter.Stream, error) {
	var names []string
	for _, s := range streams {
		if s.Notice != "" {
			continue
		}
		if name == "" || s.Name == name || slices.Contains(values(s.Vars), name) {
			return s, nil
		}
		if len(s.Vars) == 0 {
			names = append(names, s.Name)
		}
		names = append(names, values(s.Vars)...)
	}
	if name == "" {
		return exporter.Stream{}, fmt.Errorf("%w: the pipeline has no stream that gives rows", exporter.ErrUnknownStream)
	}
	hint := "; there are " + strings.Join(names, ", ")
	if near := nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return exporter.Stream{}, fmt.Errorf("%w: %q%s", exporter.ErrUnknownStream, name, hint)
}

func values(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// preview is the result of preview.
type preview struct {
	Stream   string `json:"stream"`
	Slice    string `json:"slice,omitempty"`
	Format   string `json:"format,omitempty"` // how the object is read, for people
	Via      string `json:"via,omitempty"`    // how a run has it read, if not so, for people
	Rejected int64  `json:"rejected"`
	rows

	wholeRows int64 // of Rejected
}

func wholeRows(rejects []exporter.Reject) (n int64) {
	for _, r := range rejects {
		if r.Column == "" {
			n++
		}
	}
	return n
}

// Text implements view.
func (v *preview) Text(p *printer) {
	if v.Slice == "" {
		p.line("%s has no rows in the window", v.Stream)
		return
	}
	p.line("%s  %s", v.Stream, v.Slice)
	if v.Format != "" {
		p.line("%s", v.Format)
	}
	if v.Via != "" {
		p.line("! %s", v.Via)
	}
	if across := v.across(); across.natural() <= p.across() {
		p.table(v.types())
		p.line("")
		p.table(across)
	} else {
		p.table(v.down())
		if n := len(v.Rows); n > mostDown {
			p.line("%d of %s; all: --output json", mostDown, plural(int64(n), "row"))
		}
	}
	if v.Rejected > 0 {
		p.line("a run would put %s", held(v.wholeRows, v.Rejected-v.wholeRows))
	}
}

// across is the rows as a table. The cells are data and written as such.
func (v *preview) across() *table {
	t := v.table()
	t.rows = nil
	for _, row := range v.Rows {
		cells := make([]any, len(row))
		for i, x := range row {
			cells[i] = plain(x)
		}
		t.add(cells...)
	}
	return t
}

func (v *preview) types() *table {
	t := &table{heads: []string{"column", "type"}}
	for _, c := range v.Columns {
		t.add(c.Name, c.Type)
	}
	return t
}

// What down shows: rows, and cells of each value.
const mostDown, widestDown = 2, 60

// down is the first rows with a line for each column, for rows too wide to be
// read across.
func (v *preview) down() *table {
	n := min(mostDown, len(v.Rows))
	t := &table{heads: []string{"column", "type", "row 1", "row 2"}[:2+n]}
	for i, c := range v.Columns {
		cells := []any{c.Name, c.Type}
		for _, row := range v.Rows[:n] {
			cells = append(cells, runewidth.Truncate(printable(plain(row[i])), widestDown, "…"))
		}
		t.add(cells...)
	}
	return t
}
