package clevertap

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"net/url"

	"tapline/exporter"
)

// maxCursor leaves room in an exporter.Cursor for what stands beside it.
const maxCursor = 60 << 10

// A position is what an exporter.Cursor of this source means.
type position struct {
	// Next is the vendor's cursor of the next page, as it goes into the URL.
	Next string `json:"next,omitempty"`
	// Page counts the pages before it, for people.
	Page int `json:"page"`
	// Opened is when the walk was, in seconds since 1970.
	Opened int64 `json:"opened"`
	// Done says that there is no next page.
	Done bool `json:"done,omitempty"`
}

func (p position) cursor() (exporter.Cursor, error) {
	b, err := json.Marshal(p)
	return exporter.Cursor(b), err
}

// parsePosition reads a cursor. One that it cannot read is of another edition
// of this source: as good as expired.
func parsePosition(c exporter.Cursor) (position, error) {
	var p position
	if c == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(c), &p); err != nil || (p.Next == "") != p.Done {
		return p, fmt.Errorf("not a cursor of this version: %w", exporter.ErrCursorExpired)
	}
	return p, nil
}

// queryForm returns the vendor's cursor as it goes into a URL. It comes
// percent-encoded already, and encoding it again is refused as "Incorrect
// Usage"; should one come bare, it is encoded here.
func queryForm(c string) string {
	for i := 0; i < len(c); i++ {
		b := c[i]
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9',
			b == '-', b == '_', b == '.', b == '~':
		case b == '%' && i+2 < len(c) && isHex(c[i+1]) && isHex(c[i+2]):
			i += 2
		default:
			return url.QueryEscape(c)
		}
	}
	return c
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// A trail notices when a walk comes to a place where it has been. It keeps a
// hash of each cursor, of the last million at most.
type trail struct {
	seed maphash.Seed
	seen map[uint64]struct{}
}

func newTrail() *trail { return &trail{maphash.MakeSeed(), map[uint64]struct{}{}} }

// visit reports whether the cursor is new.
func (t *trail) visit(cursor string) bool {
	h := maphash.String(t.seed, cursor)
	if _, been := t.seen[h]; been {
		return false
	}
	if len(t.seen) >= 1<<20 {
		clear(t.seen) // a loop is shorter, and found the next time round
	}
	t.seen[h] = struct{}{}
	return true
}
