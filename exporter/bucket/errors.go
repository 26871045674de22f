package bucket

import (
	"errors"
	"fmt"

	"tapline/exporter"
	"tapline/objstore"
)

// A storeError is what a store could not do. It unwraps to the store's error and
// to the sentinel of package exporter that the loader acts on.
type storeError struct {
	text string
	is   []error
}

func (e *storeError) Error() string   { return e.text }
func (e *storeError) Unwrap() []error { return e.is }

// meanings are what errors of stores mean to the loader, and what to do.
func meanings() []struct {
	from, to error
	hint     string
} {
	return []struct {
		from, to error
		hint     string
	}{
		{objstore.ErrChanged, exporter.ErrReplaced, "it was written anew; the next run reads what there is now"},
		{objstore.ErrNotExist, exporter.ErrReplaced, "it was deleted after it was listed; rows loaded from it stay"},
		{objstore.ErrUnauthorized, exporter.ErrUnauthorized, "the credentials need the right to list and to read objects"},
		{objstore.ErrNoBucket, exporter.ErrUnauthorized, "check url: and the credentials, for some stores hide buckets from those without a right"},
		{objstore.ErrUnreachable, exporter.ErrUnreachable, ""},
		{objstore.ErrCorrupt, exporter.ErrContent, "what was read of it is dropped; the next run reads it again"},
	}
}

// failed says what could not be done.
func (s *Source) failed(what string, err error) error {
	e := &storeError{fmt.Sprintf("bucket: %s in %s: %v", what, s.url, err), []error{err}}
	for _, m := range meanings() {
		if errors.Is(err, m.from) {
			e.is = append(e.is, m.to)
			if m.hint != "" {
				e.text += "; " + m.hint
			}
			break
		}
	}
	return e
}

// unread says which content cannot be read, unless the error does so itself.
func (s *Source) unread(name string, err error) error {
	if errors.As(err, new(*storeError)) {
		return err
	}
	return fmt.Errorf("bucket: read %s in %s: %w", name, s.url, err)
}
