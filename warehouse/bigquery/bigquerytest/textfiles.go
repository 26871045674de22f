//go:build cgo && !noduckdb

package bigquerytest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// compression is how all files are packed, by their first bytes: gzip or none.
func (w *writing) compression() (string, error) {
	packed := 0
	for _, name := range w.files.names {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		var magic [2]byte
		_, err = io.ReadFull(f, magic[:])
		if err = errors.Join(f.Close(), ignoreEnd(err)); err != nil {
			return "", err
		}
		if magic == [2]byte{0x1f, 0x8b} {
			packed++
		}
	}
	switch packed {
	case 0:
		return "none", nil
	case len(w.files.names):
		return "gzip", nil
	}
	return "", invalid("Error while reading data, error message: compressed and uncompressed files cannot be mixed in one job")
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checkQuotes refuses a file that ends within quotes, which DuckDB lets pass
// when it pads rows.
func (w *writing) checkQuotes(packed bool, quote byte) error {
	for _, name := range w.files.names {
		odd, err := oddQuotes(name, packed, quote)
		if err != nil {
			return invalid("Error while reading data, error message: %v", err)
		}
		if odd {
			return invalid("Error while reading data, error message: CSV table encountered too many errors, giving up. Missing close double quote (\") character.")
		}
	}
	return nil
}

func oddQuotes(name string, packed bool, quote byte) (odd bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	if packed {
		z, err := gzip.NewReader(in)
		if err != nil {
			return false, err
		}
		in = bufio.NewReader(z)
	}
	for {
		c, err := in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return odd, nil
		case err != nil:
			return false, err
		case c == quote:
			odd = !odd
		}
	}
}
