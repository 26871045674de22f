package exporter

import (
	"context"
	"errors"
	"time"
)

// A Metered source tells what its requests have cost since it was made.
// Optional.
type Metered interface {
	// Usage lists the APIs that were asked, by name.
	Usage() []Usage
}

// Usage is what the requests to one API of a source have cost. Times are sums
// over requests that waited side by side.
type Usage struct {
	API      string // in the source's words: "events"
	Requests int64  // sent, whatever came of them
	Retries  int64  // of them, those that asked for the same again
	// Gate is the time spent waiting for others to finish, because the source
	// makes only so many requests at a time.
	Gate time.Duration
	// Told is the time waited because the system said so: it had too many
	// requests in flight, or the answer was still in progress.
	Told time.Duration
	// Pauses is the time waited after faults, before asking again.
	Pauses time.Duration
}

// Waited is all the time that was waited.
func (u Usage) Waited() time.Duration { return u.Gate + u.Told + u.Pauses }

// ErrNotCounted says that the source has no count of its own for a slice.
var ErrNotCounted = errors.New("not counted by the source")

// A Counter can say how many records a slice has without reading them.
// Optional.
type Counter interface {
	// Count returns the system's own count, which may be an estimate. Errors:
	// ErrNotCounted and those of Source.Read.
	Count(ctx context.Context, s Slice) (int64, error)
}
