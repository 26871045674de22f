package bigquery

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// formatJSON is the format of an Object that is JSON.
const formatJSON = "json"

// A jsonPuller reads lines of JSON, each of which is one object. BigQuery's own
// reader of JSON would make something else of numbers and dates than package
// json does, so lines are loaded as they stand, as CSV of one column, and are
// taken apart by statements.
//
// What a line means may depend on those around it, and BigQuery does not tell
// their order. A line that is no object is the event's name if it is the first,
// which shows in a second load that passes over that; with any other, nothing is
// loaded.
type jsonPuller struct{ *Warehouse }

const (
	// mostLine is how many bytes a line may have, as in package json.
	mostLine = 16 << 20
	// mostName is how many characters the line before the records may have: package
	// json looks for it in the first 64 KiB.
	mostName = 15000
	// mostPaths is how many paths of keys there may be, as in package json.
	mostPaths = 20000
	// noDelimiter stands in no valid line, so that each is a single field.
	noDelimiter = "\x01"
)

func (w jsonPuller) check(o warehouse.Object) error {
	if o.Packing != "" && o.Packing != "gzip" {
		return fmt.Errorf("it is compressed by %s", o.Packing)
	}
	return nil
}

func (w jsonPuller) load(ctx context.Context, p *warehouse.Pulled) error {
	all, err := w.loadLines(ctx, p, placeAll, 0)
	if err != nil {
		return err
	}
	p.Bytes = all.InputFileBytes
	odd, err := w.odd(ctx, p, placeAll)
	switch {
	case err != nil:
		return err
	case odd.lines == 0:
		return nil
	case odd.n > 0:
		if err := w.first(ctx, p, odd); err != nil {
			return err
		}
	}
	if p.Records, err = w.records(ctx, p); err != nil {
		return err
	}
	if p.Records == 0 {
		if len(p.First) > 0 {
			return errUnpullable(p.Object, errors.New("it has a line that is no JSON object, and no records behind it"))
		}
		return nil
	}
	if err := w.once(ctx, p); err != nil {
		return err
	}
	opened, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	w.dropStages(ctx, named(p.Places[placeAll]))
	delete(p.Places, placeAll)
	return w.keys(ctx, p, opened)
}

// loadLines loads the object into a new staging table of the place.
func (w jsonPuller) loadLines(ctx context.Context, p *warehouse.Pulled, place string, skip int64) (*bq.LoadStatistics, error) {
	md := bq.TableMetadata{Schema: fields(textColumns(fieldNames(2)...))}
	src := bq.NewGCSReference(p.Object.URL)
	src.SourceFormat, src.Schema = bq.CSV, md.Schema
	src.CSVOptions = bq.CSVOptions{
		AllowJaggedRows: true, Encoding: bq.UTF_8, FieldDelimiter: noDelimiter, ForceZeroQuote: true,
		SkipLeadingRows: skip, NullMarker: nullMarker, PreserveASCIIControlCharacters: true,
	}
	return w.loadObject(ctx, p, place, md, src)
}

// oddLines are the lines of an object that are neither blank nor objects.
type oddLines struct {
	lines, n int64 // those that are not blank; those that are odd
	text     string
}

// odd looks for lines that are no objects.
func (w jsonPuller) odd(ctx context.Context, p *warehouse.Pulled, place string) (o oddLines, err error) {
	var split int64
	err = w.ask(ctx, "pull_json_odd", map[string]any{"Stage": p.Places[place]}, params{"most": int64(mostName + 1)}, func(r row) error {
		o.lines, split, o.n, o.text = r.int(), r.int(), r.int(), r.text()
		return r.err
	})
	switch {
	case err != nil:
		return o, err
	case split > 0:
		return o, errUnpullable(p.Object, fmt.Errorf("%d of its lines hold the byte 01, which JSON knows as an escape only", split))
	case o.n > 1:
		return o, errUnpullable(p.Object, fmt.Errorf("%d of its lines are no JSON objects, as %s; there may be one above the records, with the event's name, and it has to be lines of one record each", o.n, shown(o.text)))
	}
	return o, nil
}

// shown is the start of a text, for a message.
func shown(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return fmt.Sprintf("%q", text)
}

// first makes sure that the one line that is no object is the first, which a
// second reading passes over, and notes it.
func (w jsonPuller) first(ctx context.Context, p *warehouse.Pulled, all oddLines) error {
	if _, err := w.loadLines(ctx, p, placeRest, 1); err != nil {
		return err
	}
	rest, err := w.odd(ctx, p, placeRest)
	if err != nil {
		return err
	}
	w.dropStages(ctx, named(p.Places[placeRest]))
	delete(p.Places, placeRest)
	line := strings.TrimPrefix(all.text, "\ufeff")
	text := strings.Trim(line, " \t\r\n")
	switch {
	case rest.n > 0 || rest.lines != all.lines-1:
		return errUnpullable(p.Object, fmt.Errorf("its line %s is no JSON object, and is not the first", shown(all.text)))
	case text == "" || strings.HasPrefix(text, "{"):
		return nil // after a byte order mark
	case strings.HasPrefix(text, "["):
		return errUnpullable(p.Object, fmt.Errorf("it is lists of records, as %s", shown(text)))
	case len([]rune(all.text)) > mostName:
		return errUnpullable(p.Object, fmt.Errorf("its first line is no JSON object, and has more than %d characters", mostName))
	case strings.ContainsRune(text, '\ufffd'):
		return errUnpullable(p.Object, fmt.Errorf("its first line, %s, is no JSON object, and no UTF-8", shown(text)))
	}
	p.First = []string{line}
	return nil
}

// records counts the records, when there is nothing else.
func (w jsonPuller) records(ctx context.Context, p *warehouse.Pulled) (records int64, err error) {
	data := jsonPatterns()
	data["Stage"] = p.Places[placeAll]
	var bad error
	err = w.ask(ctx, "pull_json_check", data, params{"most": int64(mostLine)}, func(r row) error {
		problem, n, example := r.text(), r.int(), r.text()
		if records += n; problem != "" {
			bad = fmt.Errorf("%d of its lines %s, as %s", n, jsonProblem(problem), shown(example))
		}
		return r.err
	})
	if err == nil && bad != nil {
		err = errUnpullable(p.Object, bad)
	}
	return records, err
}

// jsonProblem says what is the matter with lines, in the words of pull_json_check.
func jsonProblem(problem string) string {
	switch problem {
	case "large":
		return fmt.Sprintf("have more than %d bytes", mostLine)
	case "several":
		return "are several records each"
	case "deep":
		return fmt.Sprintf("are nested deeper than %d levels, which is as deep as a statement looks", jsonDepth)
	case "key":
		return "have keys with a lone surrogate, U+0000, U+FFFD or bytes that are no UTF-8"
	}
	return "are no valid JSON"
}

// once makes sure that no object has a key twice.
func (w jsonPuller) once(ctx context.Context, p *warehouse.Pulled) error {
	data := jsonPatterns()
	data["Stage"] = p.Places[placeAll]
	sql, err := withStrings("pull_json_twice", data)
	if err != nil {
		return err
	}
	return w.read(ctx, sql, nil, nil, func(values []bq.Value) error {
		r := row{values: values}
		if n, example := r.int(), r.text(); n > 0 {
			return errUnpullable(p.Object, fmt.Errorf("%d of its objects have a key twice, as %s", n, shown(example)))
		}
		return r.err
	})
}

// withStrings is a statement behind the functions of strings.
func withStrings(name string, data map[string]any) (string, error) {
	functions, err := text("pull_json_functions", map[string]any{"Zone": ""})
	if err != nil {
		return "", err
	}
	sql, err := text(name, data)
	return functions + ";\n" + sql, err
}

// pathOf is a path of keys as it stands in tables.
func pathOf(keys []string) string {
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = hex.EncodeToString([]byte(key))
	}
	return strings.Join(parts, ".")
}

// keysOf are the keys of a path.
func keysOf(path string) ([]string, error) {
	keys := strings.Split(path, ".")
	for i, part := range keys {
		key, err := hex.DecodeString(part)
		if err != nil {
			return nil, err
		}
		keys[i] = string(key)
	}
	return keys, nil
}
