package bigquery

import (
	"context"
	"strings"

	"tapline/warehouse"
)

func (w csvPuller) sift(ctx context.Context, p *warehouse.Pulled) (err error) {
	if p.Rejected, err = w.number(ctx, "pull_count", recordsOf(*p), params{"head": header(*p)}); err != nil {
		return err
	}
	x := siftingOf(p.Sieve, fieldNames(len(p.First)))
	x.values["head"], x.values["nulls"] = header(*p), append([]string{}, p.Object.CSV.Null...)
	data := recordsOf(*p)
	data["Some"] = fieldNames(min(spread, len(p.First)))
	return w.fillSift(ctx, p, x, "pull_sift", data)
}

// recordsOf is what statements need to tell which records are rows.
func recordsOf(p warehouse.Pulled) map[string]any {
	stage := p.Places[placeAll]
	if p.Object.CSV.Header {
		stage = p.Places[placeRest]
	}
	names, n := fieldNames(p.Fields), len(p.First)
	data := map[string]any{"Stage": stage, "All": names, "Fields": names[:n], "Last": names[n-1], "Beyond": "", "Second": ""}
	if n < p.Fields {
		data["Beyond"] = names[n]
	}
	if p.Fields > 1 {
		data["Second"] = names[1]
	}
	return data
}

// header is the text of the first record, where that is one of names.
func header(p warehouse.Pulled) string {
	if !p.Object.CSV.Header {
		return ""
	}
	return strings.Join(p.First, separator)
}

// putAside puts aside the records of too few or too many fields.
func (w csvPuller) putAside(ctx context.Context, p *warehouse.Pulled) error {
	data := recordsOf(*p)
	data["Into"], data["Separator"] = p.Places[placeAside], string(rune(p.Object.CSV.Delimiter))
	sql, err := text("pull_aside_rows", data)
	if err != nil {
		return err
	}
	s := p.Sieve
	_, _, err = w.run(ctx, sql, params{"load": s.Load, "slice": s.Slice, "in_table": s.Table, "read_at": warehouse.Micros(s.ReadAt),
		"head": header(*p), "place": p.Object.URL, "rows": p.Rows - p.Rejected}.list())
	return err
}
