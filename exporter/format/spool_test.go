package format

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"tapline/exporter"
)

// spooled is a Stream of text.
type spooled struct{ io.Reader }

func (spooled) Close() error             { return nil }
func (spooled) Place(offset int64) Place { return Place{Offset: offset} }

func TestSpool(t *testing.T) {
	const text = "some content"
	in := Input{Name: "a.bin", Size: -1, Open: func(context.Context, Place) (Stream, error) {
		return spooled{strings.NewReader(text)}, nil
	}}
	dir := t.TempDir()
	t.Run("OK", func(t *testing.T) {
		s, err := NewSpool(context.Background(), in, dir, int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(s, 5, s.Size-5))
		if string(got) != "content" || err != nil || s.Size != int64(len(text)) {
			t.Errorf("got %q, %d bytes, %v", got, s.Size, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		for _, size := range []int64{-1, int64(len(text))} {
			in := in
			in.Size = size
			if _, err := NewSpool(context.Background(), in, dir, 11); !errors.Is(err, exporter.ErrContent) {
				t.Errorf("size %d: %v", size, err)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := NewSpool(ctx, in, dir, 100); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("no room", func(t *testing.T) {
		if _, err := NewSpool(context.Background(), in, dir+"/none", 100); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Error("left behind:", left, err)
	}
}
