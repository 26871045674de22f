//go:build cgo && !noduckdb

package bigquerytest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// A dialect is how a CSV file is written, and what a job takes of it.
type dialect struct {
	delimiter, quote string
	fields           int  // that a record may have
	control          bool // the ASCII NUL may be in it
}

// unpackText makes the files of a load plain UTF-8, as the service reads them:
// bytes that are none become U+FFFD. It refuses packed and plain files in one
// job, and what is no CSV, with less ado than DuckDB.
func (w *writing) unpackText(d dialect) error {
	packed := 0
	for i, name := range w.files.names {
		plain, zipped, err := w.unpack(name, d)
		if plain != "" {
			_ = os.Remove(name) // the folder goes with the server
			w.files.names[i] = plain
		}
		if err != nil {
			return invalid("Error while reading data, error message: CSV table encountered too many errors, giving up. %v", err)
		}
		if zipped {
			packed++
		}
	}
	if packed > 0 && packed < len(w.files.names) {
		return invalid("Error while reading data, error message: compressed and uncompressed files cannot be mixed in one job")
	}
	return nil
}

// unpack copies a file and checks it on the way. Plain is "" when there is no copy.
func (w *writing) unpack(name string, d dialect) (plain string, zipped bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return "", true, err
		}
		in, zipped = bufio.NewReader(z), true
	}
	out, err := os.CreateTemp(w.s.dir, "text-")
	if err != nil {
		return "", zipped, err
	}
	b := bufio.NewWriter(out)
	err = copyText(b, in, d)
	return out.Name(), zipped, errors.Join(err, b.Flush(), out.Close())
}

// Where a scan of CSV is.
const (
	fieldStarts = iota
	inField
	inQuotes
	quoteCloses // or is the first of two
)

// copyText copies CSV, and refuses what the service refuses.
func copyText(out *bufio.Writer, in *bufio.Reader, d dialect) error {
	at, fields := fieldStarts, 1
	for {
		r, _, err := in.ReadRune()
		if errors.Is(err, io.EOF) {
			if at == inQuotes {
				return errors.New("Missing close double quote (\") character.") //nolint:staticcheck // the service's words
			}
			return nil
		}
		if err != nil {
			return err
		}
		if r == '\r' && at != inQuotes { // lines may end in different ways
			if next, _ := in.Peek(1); string(next) == "\n" {
				continue
			}
			r = '\n'
		}
		if _, err := out.WriteRune(r); err != nil {
			return err
		}
		quote := d.quote != "" && r == rune(d.quote[0])
		switch {
		case r == 0 && !d.control:
			return errors.New("Bad character (ASCII 0) encountered.") //nolint:staticcheck // as above
		case at == inQuotes && quote:
			at = quoteCloses
		case at == inQuotes:
		case quote && (at == fieldStarts || at == quoteCloses):
			at = inQuotes
		case r == rune(d.delimiter[0]):
			at, fields = fieldStarts, fields+1
		case r == '\n':
			at, fields = fieldStarts, 1
		case at == quoteCloses:
			return errors.New("Data between close double quote (\") and field separator.") //nolint:staticcheck // as above
		default:
			at = inField
		}
		if fields > d.fields {
			return errors.New("Too many values in row.") //nolint:staticcheck // as above
		}
	}
}
