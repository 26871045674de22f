// Package objstore holds objects: what bucket sources read and the stage
// writes. It knows nothing of what is in them.
package objstore

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Errors a Store owes its callers; test with errors.Is.
var (
	// ErrNotExist says that there is no such object.
	ErrNotExist = errors.New("object does not exist")
	// ErrChanged says that the object is no longer of the generation asked for.
	ErrChanged = errors.New("object changed")
	// ErrPrecondition says that Put found another generation than it was to replace.
	ErrPrecondition = errors.New("precondition failed")
	// ErrUnwritable says that the place cannot be written to: no right, or a
	// read-only file system.
	ErrUnwritable = errors.New("not writable")
	// ErrFull says that there is no space left.
	ErrFull = errors.New("no space left")
	// ErrUnauthorized says that the credentials are missing or lack a right;
	// the message names the right where the store tells.
	ErrUnauthorized = errors.New("not authorized")
	// ErrUnreachable says that no answer came from the store.
	ErrUnreachable = errors.New("not reachable")
	// ErrNoBucket says that there is no bucket of that name, or none that one
	// is told of.
	ErrNoBucket = errors.New("no such bucket")
	// ErrCorrupt says that what was read or written does not have the checksum
	// that the store tells.
	ErrCorrupt = errors.New("content differs from its checksum")
)

// A Store holds objects under names such as "a/b.parquet": slash-separated, no
// leading slash, no "..". Implementations are safe for concurrent use, by
// several processes too. Errors of all methods of a store that is not on this
// machine: ErrUnauthorized, ErrUnreachable, ErrNoBucket.
type Store interface {
	// List yields the objects whose name starts with prefix, by name, as they
	// are found: however many there are, few are in memory.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Open reads the object from the offset, in bytes. With o.Generation set
	// it reads that generation or fails with ErrChanged, also in the middle;
	// empty means the newest. It never ends early: io.EOF comes after the
	// object's last byte, and an interrupted read is resumed. Errors:
	// ErrNotExist, ErrChanged, ErrCorrupt.
	Open(ctx context.Context, o Object, offset int64) (io.ReadCloser, error)

	// Put writes an object, all of it or nothing: when write or Put fails, or
	// the process dies, readers see what was there before. When it returns nil
	// the object is durable. Errors: write's own, ErrPrecondition,
	// ErrUnwritable, ErrFull.
	Put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (Object, error)

	// Remove deletes objects. One that does not exist is not an error.
	Remove(ctx context.Context, names ...string) error
}

// An Object is what a listing tells.
type Object struct {
	Name       string
	URL        string // "file:///...", "gs://...", "s3://..."
	Path       string // on this machine, or ""
	Size       int64  // bytes
	Generation string // changes with each write; opaque
	Checksum   string // of the content: "crc32c:<hex>", "md5:<hex>"; "" = not told
	Updated    time.Time
}

// A Precondition makes Put a compare-and-swap. The zero value replaces whatever
// is there.
type Precondition struct {
	Absent     bool   // only if there is no such object
	Generation string // only if this is its generation
}
