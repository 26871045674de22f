// Package format turns rows into Arrow batches whose columns find their own
// type, as exporter.Kinds decides it. The packages below it read one format
// each, straight into a Builder.
//
// It reads no vendor and knows no names: which key is which column is said by
// the source.
package format
