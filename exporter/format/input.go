package format

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// An Input is the content of one object, or of one member of an archive,
// uncompressed.
type Input struct {
	// Name says what it is in places and errors: "exports/a.csv.gz", and for a
	// member "exports/a.zip/b.csv".
	Name string
	// Size in bytes; -1 when only reading it to its end tells.
	Size int64
	// Open reads on from a place that a Stream of the same content gave, the
	// zero Place being the start. What lies before p.Offset is read and dropped
	// where the content cannot be sought. Errors: exporter.ErrReplaced,
	// exporter.ErrContent for damage, also from Read.
	Open func(ctx context.Context, p Place) (Stream, error)
}

// A Stream is content being read.
type Stream interface {
	io.ReadCloser
	// Place returns where reading can go on at offset, counted in bytes from
	// the start of the content. The offset is at most what was read, and never
	// less than that of an earlier call. Another goroutine may be reading.
	Place(offset int64) Place
}

// A Place is where in a content reading can go on.
type Place struct {
	Offset int64 // bytes of the content before it
	// Packed and Base name the last point at or before Offset at which
	// decompression can begin: bytes of the compressed object before it, and
	// bytes of the content before it. Zero for what is not compressed.
	Packed, Base int64
}

// String is the Place as text, such as "1048576" or "1048576@40960+900000".
func (p Place) String() string {
	if p.Packed == 0 && p.Base == 0 {
		return strconv.FormatInt(p.Offset, 10)
	}
	return fmt.Sprintf("%d@%d+%d", p.Offset, p.Packed, p.Base)
}

// ParsePlace is the inverse of String.
func ParsePlace(s string) (Place, error) {
	offset, rest, framed := strings.Cut(s, "@")
	packed, base, both := strings.Cut(rest, "+")
	if framed != both {
		return Place{}, fmt.Errorf("format: %q is no place", s)
	}
	var p Place
	for _, f := range []struct {
		text string
		to   *int64
	}{{offset, &p.Offset}, {packed, &p.Packed}, {base, &p.Base}} {
		if f.text == "" && !framed && f.to != &p.Offset {
			continue
		}
		n, err := strconv.ParseInt(f.text, 10, 64)
		if err != nil || n < 0 {
			return Place{}, fmt.Errorf("format: %q is no place", s)
		}
		*f.to = n
	}
	if p.Base > p.Offset {
		return Place{}, fmt.Errorf("format: %q is no place", s)
	}
	return p, nil
}

// Batching says how the readers of formats make batches.
type Batching struct {
	// Mem gives the buffers, best a *Pool. Nil = the Go allocator.
	Mem memory.Allocator
	// Rows is the most rows read of a batch, the rejected included. 0 = 122,880.
	Rows int
	// Bytes is about the most memory of a batch. 0 = 64 MiB.
	Bytes int64
	// Zone is what local times without a zone are in. Nil = UTC.
	Zone *time.Location
}

// DefaultRows is the most rows of a batch where nothing else is said: one row
// group of DuckDB, which loads smaller ones at half the speed.
const DefaultRows = 122880

// OrDefaults returns b with the zero values replaced.
func (b Batching) OrDefaults() Batching {
	if b.Mem == nil {
		b.Mem = memory.DefaultAllocator
	}
	if b.Rows <= 0 {
		b.Rows = DefaultRows
	}
	if b.Bytes <= 0 {
		b.Bytes = 64 << 20
	}
	if b.Zone == nil {
		b.Zone = time.UTC
	}
	return b
}
