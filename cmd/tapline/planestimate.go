package main

import (
	"context"
	"fmt"

	"tapline/warehouse"
)

// estimated is what a warehouse says that the loads of a plan would cost.
type estimated struct {
	Jobs        []estimatedJobs `json:"jobs"`
	LoadJobs    int64           `json:"loadJobs"`    // free of charge
	BytesLoaded int64           `json:"bytesLoaded"` // by them, as far as known
	Unsized     int64           `json:"unsized"`     // slices of which the size is not known yet
	AtLeast     bool            `json:"atLeast"`     // what is read, billed and paid may be more: some text is not known yet
	Queries     int64           `json:"queries"`     // transactions included
	BytesRead   int64           `json:"bytesRead"`   // by them, at most, as far as known
	BytesBilled int64           `json:"bytesBilled"`
	Price       float64         `json:"price"`
	Currency    string          `json:"currency"`
	Rate        string          `json:"rate"`
}

type estimatedJobs struct {
	Table       string `json:"table"`
	Kind        string `json:"kind"`
	Count       int64  `json:"count"`
	AtLeast     bool   `json:"atLeast"` // there may be more, it depends on what is read
	Bytes       int64  `json:"bytes"`   // loaded or read
	Unsized     int64  `json:"unsized"`
	BytesBilled int64  `json:"bytesBilled"`
	OnDemand    bool   `json:"onDemand"` // only when somebody asks; no part of the sums

	free bool
}

// estimate asks a warehouse that charges by the job what the loads would cost;
// nil when it does not. A plan without that is a plan too, so what goes wrong
// is a warning.
func (p *project) estimate(ctx context.Context, w warehouse.Estimator, loads []warehouse.Expected) (*estimated, error) {
	if w == nil || len(loads) == 0 {
		return nil, nil
	}
	e, err := w.Estimate(ctx, loads)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		p.a.warn("no estimate of the cost: " + err.Error())
		return nil, nil
	}
	r := &estimated{Jobs: []estimatedJobs{}, Price: e.Price, Currency: e.Currency, Rate: e.Rate}
	for _, j := range e.Jobs {
		r.Jobs = append(r.Jobs, estimatedJobs{Table: j.Table, Kind: j.What, Count: j.Count, AtLeast: j.More, Bytes: j.Bytes,
			Unsized: j.Unknown, BytesBilled: j.Billed, OnDemand: j.OnDemand, free: j.Free})
		switch {
		case j.OnDemand:
		case j.Free:
			r.LoadJobs += j.Count
			r.BytesLoaded += j.Bytes
			r.Unsized += j.Unknown
		default:
			r.Queries += j.Count
			r.AtLeast = r.AtLeast || j.Unknown > 0
			r.BytesRead += j.Bytes
			r.BytesBilled += j.Billed
		}
	}
	return r, nil
}

// text writes a line for each kind of job of each table, and the price.
func (e *estimated) text(p *printer) {
	if e == nil || len(e.Jobs) == 0 {
		return
	}
	for _, j := range e.Jobs {
		p.line("  $ %s: %s", j.Table, j.words())
	}
	more := ""
	if e.AtLeast {
		more = " or more"
	}
	p.line("  $ about %.4f %s%s for %s%s billed, at %s; load jobs are free", e.Price, e.Currency, more, size(e.BytesBilled), more, e.Rate)
}

func (j estimatedJobs) words() string {
	words := plural(j.Count, j.Kind)
	if j.OnDemand {
		words = "a " + j.Kind
	}
	if j.AtLeast {
		words += " or more"
	}
	switch {
	case j.OnDemand:
		return words + fmt.Sprintf(" would read %s, billed as %s", size(j.Bytes), size(j.BytesBilled))
	case !j.free && j.Unsized > 0:
		return words + fmt.Sprintf(" reading %s and the text of %s, billed as %s or more", size(j.Bytes), plural(j.Unsized, "compressed file"), size(j.BytesBilled))
	case !j.free:
		return words + fmt.Sprintf(" reading %s, billed as %s", size(j.Bytes), size(j.BytesBilled))
	case j.Unsized == 0:
		return words + " of " + size(j.Bytes)
	case j.Bytes > 0:
		return words + fmt.Sprintf(" of %s and of %s whose size is known when they are read", size(j.Bytes), plural(j.Unsized, "slice"))
	}
	return words + fmt.Sprintf(" of %s whose size is known when they are read", plural(j.Unsized, "slice"))
}
