package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sourcegraph/conc/pool"
	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/exporter"
	"tapline/warehouse"
)

// A reckoning says what verify --source compares, and which differences are no
// failure.
type reckoning struct {
	window    windowFlags
	tolerance shareFlag
}

// check refuses what the other verify does not take.
func (o *reckoning) check(cmd *cobra.Command, source bool) error {
	for _, name := range []string{"since", "until", "tolerance"} {
		if !source && cmd.Flags().Changed(name) {
			return usageError{fmt.Errorf("--%s is for --source; the warehouse is always verified whole", name), "tapline verify --help"}
		}
	}
	return o.window.check()
}

// asking is how many counts are asked for at a time.
const asking = 3

// verifySource compares what is loaded with the sources' own counts. Of
// pipelines that nobody named, those whose source cannot be asked are passed
// over.
func (p *project) verifySource(ctx context.Context, names []string, o reckoning) (view, error) {
	pipelines, err := p.selected(names)
	if err != nil {
		return nil, err
	}
	v := &reckoned{Tolerance: float64(o.tolerance), Differences: []difference{}}
	asked := 0
	var refused error
	for _, pl := range pipelines {
		err := p.reckon(ctx, v, pl, o.window)
		switch {
		case errors.Is(err, errUnasked) && len(names) == 0:
			refused = err
			continue
		case err != nil:
			return nil, err // half a comparison is none
		}
		asked++
	}
	if asked == 0 {
		return nil, refused
	}
	slices.SortFunc(v.Differences, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.Pipeline, b.Pipeline), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Slice, b.Slice))
	})
	if v.Beyond > 0 {
		return v, fmt.Errorf("%w: %s of %d by more than %s", errDiffers, plural(v.Beyond, "load"), v.Compared, o.tolerance.String())
	}
	return v, nil
}

// reckon compares the loads in force of one pipeline.
func (p *project) reckon(ctx context.Context, v *reckoned, pl config.Pipeline, w windowFlags) error {
	src, err := p.source(ctx, pl, 0)
	if err != nil {
		return err
	}
	defer p.closeSource(src)
	counter, ok := src.(exporter.Counter)
	if !ok {
		return fmt.Errorf("pipeline %s: source %s keeps no counts to compare with: %w", pl.Name, pl.From, errUnasked)
	}
	streams, err := src.Streams(ctx)
	if err != nil {
		return err
	}
	receipts, err := p.loadsOf(ctx, pl, w)
	if err != nil {
		return err
	}
	counts, err := countLoads(ctx, counter, streams, receipts)
	if err != nil {
		return err
	}
	for i, r := range receipts {
		v.add(r, counts[i])
	}
	return nil
}

// countLoads asks for the source's count of each load.
func countLoads(ctx context.Context, counter exporter.Counter, streams []exporter.Stream, receipts []warehouse.Receipt) ([]int64, error) {
	byName := map[string]exporter.Stream{}
	for _, st := range streams {
		byName[st.Name] = st
	}
	counts := make([]int64, len(receipts))
	workers := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError().WithMaxGoroutines(asking)
	for i, r := range receipts {
		counts[i] = uncounted
		st, known := byName[r.Stream]
		if !known {
			continue // the configuration has it no more
		}
		workers.Go(func(ctx context.Context) error {
			n, err := counter.Count(ctx, exporter.Slice{Stream: st, Name: sliceName(r), Day: exporter.DayOf(r.Day)})
			if err == nil {
				counts[i] = n
			} else if !errors.Is(err, exporter.ErrNotCounted) {
				return err
			}
			return nil
		})
	}
	return counts, workers.Wait()
}

// uncounted stands for the count of a load that the source has none for.
const uncounted = -1

// loadsOf lists the pipeline's loads in force of the days in the window.
func (p *project) loadsOf(ctx context.Context, pl config.Pipeline, w windowFlags) (list []warehouse.Receipt, err error) {
	days := exporter.Window{Since: exporter.Day(w.since), Until: exporter.Day(w.until)}
	err = p.inWarehouse(pl.To, func(wh warehouse.Warehouse) error {
		for r, err := range wh.Receipts(ctx, pl.Name) {
			if err != nil {
				return err
			}
			if !r.Day.IsZero() && days.Contains(exporter.DayOf(r.Day)) {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}

// sliceName is the slice's name within its stream.
func sliceName(r warehouse.Receipt) string {
	return strings.TrimPrefix(r.Slice, r.Pipeline+"/"+r.Stream+"/")
}

// reckoned is the result of verify --source.
type reckoned struct {
	Compared    int64        `json:"compared"`   // loads that the source has a count for
	NotCounted  int64        `json:"notCounted"` // and those it has none for
	RowsRead    int64        `json:"rowsRead"`   // of the loads compared, quarantined ones too
	Counted     int64        `json:"counted"`    // by the source
	Tolerance   float64      `json:"tolerance"`  // a share
	Beyond      int64        `json:"beyond"`     // differences of a larger share
	Differences []difference `json:"differences"`
}

// A difference is a load whose rows are not as many as the source counts.
type difference struct {
	Pipeline string `json:"pipeline"`
	Stream   string `json:"stream"`
	Slice    string `json:"slice"`
	Table    string `json:"table"`
	RowsRead int64  `json:"rowsRead"`
	Counted  int64  `json:"counted"`
	// Share is the difference as a share of the larger number, 0..1.
	Share  float64 `json:"share"`
	Beyond bool    `json:"beyond"` // the tolerance
}

func (v *reckoned) add(r warehouse.Receipt, counted int64) {
	if counted == uncounted {
		v.NotCounted++
		return
	}
	v.Compared++
	v.RowsRead += r.RowsRead
	v.Counted += counted
	if counted == r.RowsRead {
		return
	}
	share := float64(abs(r.RowsRead-counted)) / float64(max(r.RowsRead, counted))
	d := difference{Pipeline: r.Pipeline, Stream: r.Stream, Slice: sliceName(r), Table: r.Table,
		RowsRead: r.RowsRead, Counted: counted, Share: share, Beyond: share > v.Tolerance}
	if d.Beyond {
		v.Beyond++
	}
	v.Differences = append(v.Differences, d)
}

func abs(n int64) int64 { return max(n, -n) }

// Text implements view.
func (v *reckoned) Text(p *printer) {
	if len(v.Differences) > 0 {
		t := &table{heads: []string{"stream", "slice", ">rows read", ">counted", ">difference", ">share", ""}}
		for _, d := range v.Differences {
			note := ""
			if d.Beyond {
				note = "too much"
			}
			t.add(d.Stream, d.Slice, count(d.RowsRead), count(d.Counted), signed(d.RowsRead-d.Counted), percent(d.Share), note)
		}
		p.table(t)
	}
	if v.Compared > 0 {
		word := p.paint(green, "ok")
		if v.Beyond > 0 {
			word = p.paint(red, "differs")
		}
		p.line("%s  %s of %s; the source counts %s", word, plural(v.RowsRead, "row"), plural(v.Compared, "load"), count(v.Counted))
	}
	if v.NotCounted > 0 || v.Compared == 0 {
		p.line("%s that the source has no count for", plural(v.NotCounted, "load"))
	}
}

func signed(n int64) string {
	if n > 0 {
		return "+" + count(n)
	}
	return count(n)
}

// percent writes a share for people. What is not nothing is not shown as such.
func percent(share float64) string {
	if share > 0 && share < 0.0001 {
		return "<0.01%"
	}
	return strconv.FormatFloat(share*100, 'f', 2, 64) + "%"
}

// A shareFlag is a flag that takes a share such as 2%.
type shareFlag float64

func (s *shareFlag) String() string {
	return strconv.FormatFloat(float64(*s)*100, 'f', -1, 64) + "%"
}
func (s *shareFlag) Type() string { return "share" }

// Set implements pflag.Value.
func (s *shareFlag) Set(text string) error {
	digits, ok := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(n >= 0 && n <= 100) {
		return errors.New("want a share from 0% to 100%, such as 2%")
	}
	*s = shareFlag(n / 100)
	return nil
}
