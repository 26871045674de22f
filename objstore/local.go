package objstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Local is a Store over a directory. Objects are regular files; whatever else
// lies there (symbolic links, devices) is no object and is never followed.
// Several processes may use one directory at the same time.
type Local struct {
	root *os.Root
	dir  string // absolute
}

var _ Store = (*Local)(nil)

// NewLocal returns the store over dir, which is made, with mode 0700, when it
// does not exist. What dead processes left half-written long ago is removed.
// Errors: ErrUnwritable.
func NewLocal(dir string) (*Local, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, dirMode); err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", abs, mark(err))
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", abs, mark(err))
	}
	l := &Local{root: root, dir: abs}
	l.sweep()
	return l, nil
}

// Close gives the directory's handle back. The store may not be used afterwards.
func (l *Local) Close() error { return l.root.Close() }

// List implements Store. The names of one directory at a time are in memory.
func (l *Local) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		dir := "."
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			dir = prefix[:i]
		}
		if !fs.ValidPath(dir) {
			yield(Object{}, fmt.Errorf("objstore: list %q: not a prefix of object names", prefix))
			return
		}
		l.walk(ctx, dir, prefix, yield)
	}
}

// walk yields dir's objects in the order of their whole names and reports
// whether to go on.
func (l *Local) walk(ctx context.Context, dir, prefix string, yield func(Object, error) bool) bool {
	entries, err := l.entries(dir)
	if err != nil {
		yield(Object{}, fmt.Errorf("objstore: list %s: %w", prefix, err))
		return false
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			yield(Object{}, fmt.Errorf("objstore: list %s: %w", prefix, err))
			return false
		}
		name := path.Join(dir, e.Name())
		switch {
		case name == scratch:
		case e.IsDir():
			if overlaps(name+"/", prefix) && !l.walk(ctx, name, prefix, yield) {
				return false
			}
		case e.Type().IsRegular() && strings.HasPrefix(name, prefix):
			info, err := l.root.Lstat(name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since the directory was read
			}
			if err != nil {
				yield(Object{}, fmt.Errorf("objstore: list %s: %w", name, err))
				return false
			}
			if !yield(l.object(name, info), nil) {
				return false
			}
		}
	}
	return true
}

// entries reads a directory, in the order in which the whole names below it
// sort: a folder as if its name ended in a slash ("a.b" comes before "a/b").
func (l *Local) entries(dir string) ([]fs.DirEntry, error) {
	f, err := l.root.Open(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil && !absent(err) {
		return nil, err
	}
	key := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(key(a), key(b)) })
	return entries, nil
}

// overlaps reports whether names below the folder can start with the prefix.
func overlaps(folder, prefix string) bool {
	return strings.HasPrefix(folder, prefix) || strings.HasPrefix(prefix, folder)
}

// Open implements Store.
func (l *Local) Open(ctx context.Context, o Object, offset int64) (io.ReadCloser, error) {
	if err := check(o.Name); err != nil {
		return nil, fmt.Errorf("objstore: open: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", o.Name, err)
	}
	f, err := l.root.Open(o.Name)
	if absent(err) {
		err = ErrNotExist
		if o.Generation != "" {
			err = ErrChanged
		}
	}
	if err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", o.Name, err)
	}
	r, err := newReader(ctx, f, o, offset)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("objstore: open %s: %w", o.Name, err)
	}
	return r, nil
}

func (l *Local) object(name string, info fs.FileInfo) Object {
	p := filepath.Join(l.dir, filepath.FromSlash(name))
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(p)}
	return Object{
		Name: name, URL: u.String(), Path: p,
		Size: info.Size(), Generation: generation(info), Updated: info.ModTime().UTC(),
	}
}

// check refuses what cannot be an object's name.
func check(name string) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%q is not an object name", name)
	}
	if name == scratch || strings.HasPrefix(name, scratch+"/") {
		return fmt.Errorf("%q is reserved", name)
	}
	return nil
}
