package bucket

import (
	"fmt"
	"slices"

	"tapline/exporter/format/csv"
)

// Formats are the keys of a Selection that say how content is read.
type Formats struct {
	// Format is "" (= auto), auto, csv, json, parquet or xlsx.
	Format string `yaml:"format" enum:"auto,csv,json,parquet,xlsx" doc:"the format of the content, which is found by looking at it by default"`
	// CSV pins what is otherwise detected.
	CSV csv.Options `yaml:"csv" doc:"how CSV files are written, where detection errs"`
	// Flatten makes columns of what is inside JSON's objects and Parquet's
	// structures and maps, named by the path of keys: "a.b".
	Flatten bool `yaml:"flatten" doc:"make columns of what is inside objects of JSON, and structures and maps of Parquet"`
	// Sheet is the name of a workbook's sheet. "" = the first.
	Sheet string `yaml:"sheet" doc:"the sheet of an XLSX workbook, the first by default"`
}

func (f Formats) validate() error {
	if !slices.Contains([]string{"", formatAuto, formatCSV, formatJSON, formatParquet, formatXLSX}, f.Format) {
		return fmt.Errorf("format: %q is not one of auto, csv, json, parquet, xlsx", f.Format)
	}
	if err := f.CSV.Validate(); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}
