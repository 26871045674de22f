// Package csv reads delimited text into Arrow batches whose columns find their
// own type, fast.
//
// It finds out how the content is written (see Detect) and reads it so, exactly:
// what cannot be a row or a cell is rejected with its text, its line and its
// byte, and nothing is guessed row by row. An empty cell is NULL, in quotes too,
// for the vendors that tapline reads cannot tell an empty text from none.
package csv

// The reasons of rejects. Those before the blank line are of whole rows, the
// others of cells.
const (
	ReasonFields   = "csv.fields"          // more or fewer fields than columns
	ReasonQuote    = "csv.quote"           // a quote that nothing closes, or text behind one that closes; the first line of it
	ReasonHeader   = "csv.repeated_header" // the header once more
	ReasonTooLarge = "record.too_large"    // more bytes than Options.MaxRecord; the first 64 KiB of it

	ReasonInvalidUTF8 = "text.invalid_utf8"
	ReasonNUL         = "text.nul"
	ReasonTime        = "value.time" // no time in the form that the source has
)
