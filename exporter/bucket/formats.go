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
	// Sheet is the name of a workbook's sheet. "" = the first that is not hidden.
	Sheet string `yaml:"sheet" doc:"the sheet of an XLSX workbook; without it, the first that is not hidden"`
	// HeaderRow is the sheet's row of the columns' names, from 1. 0 = the first
	// that is not empty.
	HeaderRow int `yaml:"header_row" min:"1" max:"1048576" doc:"the row of a sheet that has the columns' names; without it, the first that is not empty"`
}

func (f Formats) validate() error {
	if !slices.Contains([]string{"", formatAuto, formatCSV, formatJSON, formatParquet, formatXLSX}, f.Format) {
		return fmt.Errorf("format: %q is not one of auto, csv, json, parquet, xlsx", f.Format)
	}
	if err := f.CSV.Validate(); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	if f.HeaderRow < 0 {
		return fmt.Errorf("header_row: %d is less than 1", f.HeaderRow)
	}
	return nil
}
