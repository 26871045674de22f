// Package json reads JSON documents strictly and fast: a Scanner for the
// envelope of a page, and a Decoder that puts the records in it straight into
// the columns of a format.Builder, without a tree in between. Read does the same
// with files of any size.
//
// Beyond RFC 8259 it refuses duplicate keys in an object, nesting deeper than
// MaxDepth, invalid UTF-8, lone surrogates and U+0000. In an envelope each of
// these is a *SyntaxError; within a record it costs that record or that cell,
// which is rejected with its raw text, and the others are read.
package json
