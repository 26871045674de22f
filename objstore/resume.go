package objstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// answer is a connection over which an object is read from an offset to its end.
type answer struct {
	body io.ReadCloser
	size int64 // of the whole object, as this answer tells; -1 = it does not
	// sum, when not empty, is the content's checksum, and hash makes one.
	sum  []byte
	hash func() hash.Hash
}

// connector opens the generation of an object that a reader is bound to.
type connector func(ctx context.Context, offset int64) (answer, error)

// resumer reads one generation of an object over as many connections as it
// takes. It never ends early: the size is known, and a whole read has the
// checksum that the store told.
type resumer struct {
	ctx      context.Context //nolint:containedctx // io.Reader has no other way to be told
	connect  connector
	patience Patience
	size     int64
	offset   int64

	now   answer // body nil = between connections
	sum   []byte
	hash  hash.Hash // nil when the read is not from the start
	tries int       // since progress
	since time.Time // of the first of them
	moved int64     // bytes since the last failure
	err   error     // for good
}

// progress is how much must be read for a failure to count as the first again.
const progress = 32 << 10

// interrupted is the error of a connector that may be asked again.
type interrupted struct{ error }

func (e interrupted) Unwrap() error { return e.error }

// newResumer makes the first connection. size is what the caller knows, 0 or
// less if nothing.
func newResumer(ctx context.Context, p Patience, size, offset int64, connect connector) (*resumer, error) {
	r := &resumer{ctx: ctx, connect: connect, patience: p, size: size, offset: offset}
	if err := r.dial(); err != nil {
		return nil, err
	}
	r.size = max(r.size, r.now.size, 0)
	if offset == 0 && len(r.now.sum) > 0 {
		r.sum, r.hash = r.now.sum, r.now.hash()
	}
	return r, nil
}

// dial connects at the offset to an object of the size that is known.
func (r *resumer) dial() error {
	for {
		next, err := r.connect(r.ctx, r.offset)
		var again interrupted
		switch {
		case errors.As(err, &again):
		case err != nil:
			return err // the connector has tried again by itself
		case r.size > 0 && next.size >= 0 && next.size != r.size:
			next.body.Close()
			err = fmt.Errorf("an answer of %d bytes for an object of %d", next.size, r.size)
		default:
			r.now = next
			return nil
		}
		if err := r.failed(err); err != nil {
			return err
		}
	}
}

func (r *resumer) drop() {
	if r.now.body != nil {
		r.now.body.Close()
		r.now.body = nil
	}
}

// failed notes a failure and waits; it returns an error when it was one too many.
func (r *resumer) failed(err error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if r.tries == 0 || r.moved >= progress {
		r.tries, r.since = 0, time.Now()
	}
	r.tries++
	r.moved = 0
	const most = 12
	if spent := time.Since(r.since); r.tries >= most || spent > r.patience.Retry {
		return fail(fmt.Sprintf("interrupted at byte %d of %d, %d times in %s; the last time: %v",
			r.offset, r.size, r.tries, spent.Round(time.Millisecond), err), ErrUnreachable)
	}
	return r.patience.pause(r.ctx, r.tries)
}

// Read implements io.Reader.
func (r *resumer) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err := r.read(p)
	if n > 0 && r.hash != nil {
		r.hash.Write(p[:n])
	}
	r.offset += int64(n)
	r.moved += int64(n)
	r.err = err
	return n, err
}

func (r *resumer) read(p []byte) (int, error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		if r.offset >= r.size {
			return 0, r.end()
		}
		if r.now.body == nil {
			if err := r.dial(); err != nil {
				return 0, err
			}
		}
		n, err := r.now.body.Read(p[:min(int64(len(p)), r.size-r.offset)])
		if err == nil || n > 0 {
			return n, nil // an error comes again
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		r.drop()
		if err := r.failed(err); err != nil {
			return 0, err
		}
	}
}

// end checks what was read as a whole.
func (r *resumer) end() error {
	r.drop()
	if r.hash == nil {
		return io.EOF
	}
	if got := r.hash.Sum(nil); string(got) != string(r.sum) {
		return fail(fmt.Sprintf("it has %s, the store told %s; read it again, or have it uploaded again",
			hex.EncodeToString(got), hex.EncodeToString(r.sum)), ErrCorrupt)
	}
	return io.EOF
}

// Close implements io.Closer.
func (r *resumer) Close() error {
	r.drop()
	if r.err == nil {
		r.err = errors.New("objstore: read after Close")
	}
	return nil
}
