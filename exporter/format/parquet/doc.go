// Package parquet reads Parquet files into batches, cell by cell only where it
// must.
//
// It decodes pages itself. The reader of arrow/go v15 decodes in goroutines of
// its own, where a damaged file ends the process; it waits for ever on levels
// that are cut off; and it lets a page say how much memory to allocate. Here
// every size is checked against bytes that are there before memory is taken,
// all pages together stay within Options.MaxMemory, and a file can do no more
// than give an error. What is left out: encryption, the LZO compression and
// LZ4's old framing, and columns kept in other files.
//
// # Types
//
//   - BOOLEAN, integers, FLOAT16, FLOAT (by its shortest decimal) and DOUBLE are
//     what they are. An unsigned integer beyond an int64 is the text of its
//     digits. NaN and the infinities are rejected.
//   - DATE and TIMESTAMP are days and instants; a local timestamp is in
//     Batching.Zone, an INT96 in UTC. Those of nanoseconds that are not whole
//     microseconds are text in the manner of RFC 3339. TIME is text.
//   - DECIMAL is an integer if it has no scale, a float where a float64 gives
//     its digits back, else text.
//   - STRING, ENUM and JSON are text. BYTE_ARRAY without annotation is text if it
//     is valid UTF-8 without U+0000, as old writers leave the annotation out,
//     else base64. FIXED_LEN_BYTE_ARRAY is hexadecimal; UUID and INTERVAL have
//     their usual text.
//   - Lists, maps and structures are JSON text, or columns: see Options.Flatten. A
//     structure of member0, member1, ... is a union, as Avro and CleverTap write
//     it: it is the member that is set.
package parquet
