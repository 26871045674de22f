//go:build cgo

package duckdb

import (
	"context"
)

// What DuckDB 1.5 takes for an insert, measured: while a row group of 122,880
// rows fills, a thread holds two blocks of 256 KiB for each column and as much
// again while it compresses them; some 60 MiB are for reading. With several
// threads it needs twice that for each, or it spends the time they save on
// moving blocks to disk and back.
const (
	columnMemory = 1 << 20   // bytes a column, for a full row group
	columnLeast  = 128 << 10 // bytes a column, however few rows
	rowMemory    = 64        // bytes a column and row
	baseMemory   = 64 << 20
)

// writingMuch is writing with the memory that rows of so many columns take.
// Where that was not enough, nothing has been written, and it is tried with
// more and in the end with as much as DuckDB takes by itself: four fifths of
// what the machine or its container has.
func (w *Warehouse) writingMuch(ctx context.Context, columns int, rows int64, f func(*session) error) error {
	return retrying(w.appetite(int64(columns), rows), func(a access) error { return w.writing(ctx, a, f) })
}

// retrying runs f again with more and more memory as long as it lacks some.
func retrying(a access, f func(access) error) error {
	for {
		err := f(a)
		if err == nil || a.memory == 0 || !isOutOfMemory(err) {
			return err
		}
		if a.threads == 1 && a.memory > 1<<32 {
			a.memory = 0
		} else {
			a.memory *= 2
		}
		a.threads = 1
	}
}

// appetite is the memory for an insert, and how many threads it feeds.
func (w *Warehouse) appetite(columns, rows int64) access {
	each := columns * min(max(rows*rowMemory, columnLeast), columnMemory)
	memory := max(w.cfg.MemoryLimit, baseMemory+each)
	fed := int64(w.cfg.Threads)
	if each > 0 {
		fed = min(fed, (memory-baseMemory)/(2*each))
	}
	return access{memory: memory, threads: int(max(fed, 1))}
}
