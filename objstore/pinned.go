package objstore

import (
	"errors"
	"fmt"
	"io"
)

// openPinned opens the generation that o names, or the newest, which is looked
// up first, so that a read that is resumed never mixes two.
func openPinned(o Object, stat func() (Object, error), open func(Object) (*resumer, error)) (*resumer, error) {
	if o.Generation != "" {
		return open(o)
	}
	const most = 5
	for try := 1; ; try++ {
		newest, err := stat()
		if err != nil {
			return nil, err
		}
		r, err := open(newest)
		if !errors.Is(err, ErrChanged) || try == most {
			return r, err
		}
	}
}

// named adds to errors which object was read.
type named struct {
	*resumer
	url string
}

func (r *named) Read(p []byte) (int, error) {
	n, err := r.resumer.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // of io.Reader, as it is
		err = fmt.Errorf("objstore: read %s: %w", r.url, err)
	}
	return n, err
}
