//go:build cgo && !linux

package duckdb

// leanMalloc does nothing: only glibc has the switches.
func leanMalloc() {}
