package bucket

import (
	"bytes"
	"fmt"

	"tapline/exporter"
)

// The formats of a Selection.
const (
	formatAuto    = "auto"
	formatCSV     = "csv"
	formatJSON    = "json"
	formatParquet = "parquet"
	formatXLSX    = "xlsx"
)

// A magic is how contents of a format begin.
type magic struct {
	start  string
	format string // "" = cannot be read
	what   string
}

// magics are those that no text begins with.
func magics() []magic {
	return []magic{
		{"PAR1", formatParquet, "Parquet"},
		{"PK\x03\x04", formatXLSX, "a zip file"},
		{"PARE", "", "encrypted Parquet; export it unencrypted"},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "an Excel file of the form before 2007, or one with a password; save it as .xlsx without one"},
		{"Obj\x01", "", "Avro"},
		{"ORC", "", "ORC"},
		{"%PDF-", "", "PDF"},
		{"SQLite format 3\x00", "", "an SQLite database"},
		{"\x7fELF", "", "a program"},
	}
}

// readable lists the formats in words.
const readable = "CSV, JSON, Parquet and XLSX can be read"

// sniff tells the format of a content by its first bytes. Errors, of
// exporter.ErrContent, say what it is if it cannot be read.
func sniff(sample []byte) (string, error) {
	for _, m := range magics() {
		if !bytes.HasPrefix(sample, []byte(m.start)) || m.start == "ORC" && !binary(sample) {
			continue
		}
		if m.format == "" {
			return "", fmt.Errorf("it is %s; %s: %w", m.what, readable, exporter.ErrContent)
		}
		return m.format, nil
	}
	text, wide := withoutBOM(sample)
	if wide {
		// Enough to see what it is: all marks of the formats are ASCII.
		text = bytes.ReplaceAll(bytes.TrimLeft(text, "\xff\xfe"), []byte{0}, nil)
	}
	if !wide && binary(text) {
		return "", fmt.Errorf("it is neither text nor of a known format; %s: %w", readable, exporter.ErrContent)
	}
	switch {
	case looksJSON(text):
		return formatJSON, nil
	case looksXML(text):
		return "", fmt.Errorf("it is XML; %s: have the export deliver one of these: %w", readable, exporter.ErrContent)
	}
	return formatCSV, nil
}

// withoutBOM takes the mark of UTF-8 off. Wide is what has two bytes a character.
func withoutBOM(b []byte) (text []byte, wide bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return b, true
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return b[3:], false
	}
	var zeros [2]int
	for i, c := range b[:min(len(b), 4096)] {
		if c == 0 {
			zeros[i&1]++
		}
	}
	// Latin text in UTF-16 has a zero in every other byte.
	most, least := max(zeros[0], zeros[1]), min(zeros[0], zeros[1])
	return b, most > min(len(b), 4096)/4 && least == 0
}

// binary reports whether text of one byte a character would not look like this:
// one control character in 64, or a zero early on.
func binary(b []byte) bool {
	control := 0
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b && c != 0x1a && c != 0x1e && c != 0x1f && c != 0x01 {
			control++
		}
	}
	return control > len(b)/64 || bytes.IndexByte(b[:min(len(b), 64)], 0) >= 0
}

const blanks = " \t\r\n"

// looksJSON: an object, a list of objects, or a line of another kind and then an
// object, as in CleverTap's exports.
func looksJSON(text []byte) bool {
	text = bytes.TrimLeft(text, blanks)
	if startsObject(text) {
		return true
	}
	if rest, ok := bytes.CutPrefix(text, []byte("[")); ok {
		rest = bytes.TrimLeft(rest, blanks)
		return startsObject(rest) || bytes.HasPrefix(rest, []byte("]")) && len(bytes.TrimLeft(rest[1:], blanks)) == 0
	}
	_, second, ok := bytes.Cut(text, []byte("\n"))
	second = bytes.TrimLeft(second, blanks)
	return ok && startsObject(second) && bytes.IndexByte(second, '"') > 0
}

func startsObject(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("{"))
	rest = bytes.TrimLeft(rest, blanks)
	return ok && (len(rest) == 0 || rest[0] == '"' || rest[0] == '}')
}

func looksXML(text []byte) bool {
	text = bytes.TrimLeft(text, blanks)
	if len(text) < 2 || text[0] != '<' || !bytes.ContainsRune(text, '>') {
		return false
	}
	c := text[1] | 0x20
	return text[1] == '?' || text[1] == '!' || 'a' <= c && c <= 'z'
}
