package bigquery

import (
	"context"
	"slices"

	"tapline/warehouse"
)

// guessedFields is how many fields a file is taken to have whose table is still
// to be made.
const guessedFields = asked

// A textRead is a statement over the text of an object that BigQuery has loaded.
type textRead struct {
	bytes, tables int64
}

// addPull counts the jobs of a load whose object BigQuery reads itself. Each
// statement over the staging tables reads about what the object's text is long:
// of an object stored plain that is its size, of a compressed one, as Parquet
// always is, nobody knows.
// What is put aside takes statements that no object of order needs.
func (e *estimate) addPull(ctx context.Context, of *tableEstimate, l warehouse.Expected) error {
	if e.w.format(l.Format) == nil {
		return nil // the load would be refused
	}
	x := e.loading(of, l)
	size, known := max(l.Bytes, 0), l.Packing == "" && l.Format != "parquet" && l.Bytes >= 0
	if !known {
		size = 0
	}
	loads, reads := pullJobs(l.Format, fieldsOf(of.table), size)
	if l.Bytes == 0 { // the first job finds that there is nothing
		loads, reads = 1, nil
	} else {
		x.stage = stagePrefix
		x.l.Pulled = &warehouse.Pulled{Places: map[string]string{placeSift: stagePrefix}, Bytes: size}
	}
	of.loads.Count += loads
	of.loads.Bytes += max(l.Bytes, 0)
	of.loads.More = of.loads.More || of.missing
	if l.Bytes < 0 {
		of.loads.Unknown++
	}
	for _, r := range reads {
		of.staging.Count++
		of.staging.More = true
		of.staging.Bytes += r.bytes
		of.staging.Billed += billed(r.bytes, r.tables)
	}
	if len(reads) > 0 && !known {
		of.staging.Unknown++
		of.transactions.Unknown++
	}
	if err := e.query(ctx, of, x, "receipts_slice", nil); err != nil {
		return err
	}
	return e.transaction(ctx, of, x)
}

// fieldsOf is how many fields an object for the table may have.
func fieldsOf(t *target) int {
	if n := len(t.columns) - len(taplineColumns()); n > 0 {
		return n
	}
	return guessedFields
}

// pullJobs are the load jobs of an object and the statements over its text of
// size bytes, the transaction aside.
func pullJobs(format string, fields int, size int64) (loads int64, reads []textRead) {
	all := textRead{size, 1}
	loads = 1
	switch format {
	case "csv": // that one is behind the first record
		for _, width := range widths() {
			if loads++; width >= fields {
				break
			}
		}
		reads = []textRead{{2 * size / int64(fields), 2}, all, all} // pull_head, pull_first, pull_count
	case "json": // what lines there are, whether they can be read, and which keys they have
		reads = slices.Repeat([]textRead{all}, 6)
	}
	reads = append(reads, all) // what gives records their places
	for from := 0; from < fields; from += asked {
		reads = append(reads, textRead{size * int64(min(asked, fields-from)) / int64(fields), 1}) // pull_kinds
	}
	return loads, reads
}
