package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// The demo's bucket is a folder in which the vendor drops an export of one
// event each night.
const (
	demoDrop     = "drop"
	demoDropped  = clevertaptest.OrderPlaced
	demoRequest  = 1788220800 // when the export was set up: 2026-09-01 in UTC
	demoDropPlan = "drops"    // the pipeline
)

// writeDrop makes the bucket below dir: one gzipped CSV file a day. Files that
// are there already stay, so that nothing has changed the next time.
func writeDrop(dir string, shop *clevertaptest.Shop) error {
	folder := filepath.Join(dir, demoDrop, "exports")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	for day := shop.First; day.Before(shop.Until()); day = day.Add(1) {
		run := day.Add(1).Start(time.UTC)
		name := fmt.Sprintf("%d-%d-%s-%s-0-0.csv.gz", demoRequest, run.Unix(),
			strings.ReplaceAll(demoDropped, " ", "-"), strings.ReplaceAll(day.String(), "-", ""))
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", errUnwritable, err)
		}
		data, err := droppedDay(shop, day, run)
		if err != nil {
			return err
		}
		// A file is there whole or not at all: one that is there stays.
		temp := path + ".tmp"
		err = os.WriteFile(temp, data, 0o644)
		if err == nil {
			err = os.Chtimes(temp, run, run)
		}
		if err == nil {
			err = os.Rename(temp, path)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errUnwritable, err)
		}
	}
	return nil
}

// droppedDay is the day's events as CleverTap exports them: the names of blocks
// and keys joined by dots are the columns.
func droppedDay(shop *clevertaptest.Shop, day exporter.Day, now time.Time) ([]byte, error) {
	var rows []map[string]string
	names := map[string]bool{}
	view := clevertaptest.View{App: true, Events: true, Profile: true, Now: now}
	for i := range shop.Len(demoDropped, day) {
		d := json.NewDecoder(bytes.NewReader(shop.Append(nil, demoDropped, day, i, view)))
		d.UseNumber()
		var record map[string]any
		if err := d.Decode(&record); err != nil {
			return nil, err
		}
		row := map[string]string{"eventName": demoDropped}
		flattenExport(row, "", record)
		for name := range row {
			names[name] = true
		}
		rows = append(rows, row)
	}
	return writeExport(rows, names)
}

// exportBlocks are the names that the export has for the API's blocks.
var exportBlocks = map[string]string{"event_props.": "eventProps.", "session_props.": "sessionProps.", "profile.profileData.": "profile.profileData."}

func flattenExport(row map[string]string, prefix string, record map[string]any) {
	for key, v := range record {
		name := prefix + key
		if nested, ok := v.(map[string]any); ok {
			block := name + "."
			if known, ok := exportBlocks[block]; ok {
				block = known
			}
			flattenExport(row, block, nested)
			continue
		}
		if list, ok := v.([]any); ok {
			texts := make([]string, len(list))
			for i, x := range list {
				texts[i] = fmt.Sprint(x)
			}
			v = "[" + strings.Join(texts, ", ") + "]" // the export quotes nothing in lists
		}
		row[name] = fmt.Sprint(v)
	}
}

// writeExport writes the rows as gzipped CSV: time and event first, as CleverTap
// has them.
func writeExport(rows []map[string]string, names map[string]bool) ([]byte, error) {
	header := []string{"ts", "eventName"}
	var others []string
	for name := range names {
		if !slices.Contains(header, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	header = append(header, others...)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := csv.NewWriter(z)
	cells := slices.Clone(header)
	err := w.Write(cells)
	for _, row := range rows {
		for i, name := range header {
			cells[i] = row[name]
		}
		err = errors.Join(err, w.Write(cells))
	}
	w.Flush()
	err = errors.Join(err, w.Error(), z.Close())
	return b.Bytes(), err
}
