package bigquery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// jsonFormOf is formOf the readings of JSON. The text of a cell is canonical.
func jsonFormOf(as string) form {
	f := form{text: "tapline_json_text", show: "tapline_same", kind: "tapline_json_kind", wrong: "tapline_json_wrong", raw: "tapline_json_raw", times: "tapline_json_as_", blank: true}
	switch as {
	case "json_text":
		f.kind = "tapline_json_text_kind"
	case "json_name":
		f.text, f.kind = "tapline_json_name", "tapline_json_text_kind"
	case "json_compact":
		f.text, f.kind, f.wrong, f.raw = "tapline_json_compact", "tapline_json_compact_kind", "tapline_json_flaw", "tapline_same"
	case "json_compact_day":
		f.text, f.kind, f.wrong, f.raw = "tapline_json_compact_day", "tapline_json_compact_day_kind", "tapline_json_flaw", "tapline_same"
		f.derived = true
	}
	return f
}

// placePairs is the place of the pairs of keys and values at a depth, from 1.
func placePairs(depth int) string { return fmt.Sprintf("pairs%d", depth) }

// pairs are the staging tables of pairs.
func pairs(p warehouse.Pulled) (stages []string) {
	for depth := 1; p.Places[placePairs(depth)] != ""; depth++ {
		stages = append(stages, p.Places[placePairs(depth)])
	}
	return stages
}

// open takes the records apart, and the objects in them that are to be opened,
// whose paths it returns.
func (w jsonPuller) open(ctx context.Context, p *warehouse.Pulled) (opened []string, err error) {
	if err := w.fillPairs(ctx, p, placePairs(1), "pull_json_first", p.Places[placeAll], nil); err != nil {
		return nil, err
	}
	for depth := 1; ; depth++ {
		var paths []string
		n := 0
		err := w.ask(ctx, "pull_json_objects", map[string]any{"Stage": p.Places[placePairs(depth)], "Most": mostPaths + 1}, nil, func(r row) error {
			path := r.text()
			keys, err := keysOf(path)
			if n++; err == nil && p.Object.Open != nil && p.Object.Open(keys) {
				paths = append(paths, path)
			}
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case n > mostPaths:
			return nil, errManyKeys(p.Object)
		case len(paths) == 0:
			return opened, nil
		}
		opened = append(opened, paths...)
		if err := w.fillPairs(ctx, p, placePairs(depth+1), "pull_json_deeper", p.Places[placePairs(depth)], params{"opened": paths}); err != nil {
			return nil, err
		}
	}
}

func errManyKeys(o warehouse.Object) error {
	return errUnpullable(o, fmt.Errorf("it has more than %d different keys", mostPaths))
}

// fillPairs makes a table of pairs by a statement, which reads another table.
func (w jsonPuller) fillPairs(ctx context.Context, p *warehouse.Pulled, place, statement, from string, values params) error {
	columns := []warehouse.Column{
		{Name: "place", Type: arrow.PrimitiveTypes.Int64}, {Name: "path", Type: arrow.BinaryTypes.String}, {Name: "value", Type: arrow.BinaryTypes.String},
	}
	return w.filling(ctx, func() error {
		if err := w.stageOf(ctx, p, place, columns); err != nil {
			return err
		}
		data := jsonPatterns()
		data["Into"], data["Stage"] = p.Places[place], from
		sql, err := withStrings(statement, data)
		if err != nil {
			return err
		}
		_, _, err = w.run(ctx, sql, values.list())
		return err
	})
}

// keys asks which paths have values.
func (w jsonPuller) keys(ctx context.Context, p *warehouse.Pulled, opened []string) error {
	data := map[string]any{"Stages": pairs(*p), "Most": mostPaths + 1}
	err := w.ask(ctx, "pull_json_keys", data, params{"opened": append([]string{}, opened...)}, func(r row) error {
		keys, err := keysOf(r.text())
		p.Keys = append(p.Keys, keys)
		return err
	})
	if err == nil && len(p.Keys)+len(opened) > mostPaths {
		return errManyKeys(p.Object)
	}
	return err
}

func (w jsonPuller) sift(ctx context.Context, p *warehouse.Pulled) (err error) {
	type field struct {
		Name  string
		Index int
	}
	taken, plain := takenOf(p.Sieve)
	if len(taken) > warehouse.MaxColumns-len(taplineColumns()) {
		return errUnpullable(p.Object, fmt.Errorf("it has %d columns, and a table of BigQuery %d at most", len(taken), warehouse.MaxColumns))
	}
	var list []field
	names, paths, opened, asTheyStand := []string{}, []string{}, []string{}, []string{}
	for i, at := range taken {
		path := pathOf(p.Keys[at])
		list, names, paths = append(list, field{fieldName(at), i}), append(names, fieldName(at)), append(paths, path)
		if p.Object.Open != nil && p.Object.Open(p.Keys[at]) {
			opened = append(opened, path)
		}
		if plain[at] {
			asTheyStand = append(asTheyStand, path)
		}
	}
	x := siftingOf(p.Sieve, names)
	x.values["paths"], x.values["opened"], x.values["plain"] = paths, opened, asTheyStand
	if x.functions, err = functionsOf(p.Object); err != nil {
		return err
	}
	return w.fillSift(ctx, p, x, "pull_json_sift", map[string]any{"Stages": pairs(*p), "Fields": list})
}

// takenOf are the fields that columns are made of, and those whose values have
// to stay as they stand.
func takenOf(s warehouse.Sieve) (taken []int, plain map[int]bool) {
	plain = map[int]bool{}
	for _, c := range s.Columns {
		if c.Constant {
			continue
		}
		if !slices.Contains(taken, c.Field) {
			taken = append(taken, c.Field)
		}
		plain[c.Field] = plain[c.Field] || strings.HasPrefix(c.As, "json_compact")
	}
	slices.Sort(taken)
	return taken, plain
}

// putAside does nothing: an object is refused that has a record which is no row.
func (w jsonPuller) putAside(context.Context, *warehouse.Pulled) error { return nil }
