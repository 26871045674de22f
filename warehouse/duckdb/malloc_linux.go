//go:build cgo && linux

package duckdb

/*
#include <malloc.h>

// Only glibc has the switches.
static void lean(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 4);
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}
*/
import "C"

// leanMalloc has the C library give memory back that DuckDB has freed. By
// default it keeps a good deal for each of a process' threads, which Go has many
// of: some 70 MB in a run that loads large files. The engine's blocks, of 256 KiB,
// stay below the first threshold: to map and unmap each costs a fifth of a load.
func leanMalloc() { C.lean() }
