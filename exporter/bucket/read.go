package bucket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/unpack"
)

// A position is what an exporter.Cursor of this source means: a place in a
// member of the object.
type position struct {
	finger string // of the way of reading
	member int
	rows   int64           // of the member, before it
	inner  exporter.Cursor // of the format
}

func (p position) cursor() exporter.Cursor {
	return exporter.Cursor(fmt.Sprintf("%s %d %d %s", p.finger, p.member, p.rows, p.inner))
}

// parsePosition reads a cursor. One of another way of reading is as good as
// expired: what was read before it had other columns.
func parsePosition(c exporter.Cursor, finger string) (position, error) {
	if c == "" {
		return position{finger: finger}, nil
	}
	parts := strings.SplitN(string(c), " ", 4)
	if len(parts) < 4 {
		return position{}, fmt.Errorf("not a cursor of this version: %w", exporter.ErrCursorExpired)
	}
	member, err := strconv.Atoi(parts[1])
	rows, err2 := strconv.ParseInt(parts[2], 10, 64)
	switch {
	case err != nil || err2 != nil || member < 0 || rows < 0:
		return position{}, fmt.Errorf("not a cursor of this version: %w", exporter.ErrCursorExpired)
	case parts[0] != finger:
		return position{}, fmt.Errorf("the stream's settings were changed since: %w", exporter.ErrCursorExpired)
	}
	return position{finger, member, rows, exporter.Cursor(parts[3])}, nil
}

// Read implements exporter.Source: the members of the object, one after the
// other; an object that is no archive is its own only member.
//
// It reads the generation that the slice names and no other. Errors, beside
// those of exporter.Source: ErrReplaced, ErrContent.
func (s *Source) Read(ctx context.Context, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		e, _, err := s.entryOf(sl.Stream)
		if err != nil {
			yield(exporter.Batch{}, err)
			return
		}
		at, err := parsePosition(after, e.finger)
		if err != nil {
			yield(exporter.Batch{}, fmt.Errorf("bucket: resume %s: %w", sl.Name, err))
			return
		}
		if err := s.read(ctx, e, sl, at, yield); err != nil && !errors.Is(err, errStopped) {
			yield(exporter.Batch{}, err)
		}
	}
}

// errStopped says that no further batch is wanted.
var errStopped = errors.New("stopped")

func (s *Source) read(ctx context.Context, e *entry, sl exporter.Slice, at position, yield func(exporter.Batch, error) bool) error {
	ob := s.object(sl)
	defer ob.close()
	inputs, info, err := ob.contents(ctx)
	if err != nil {
		return err
	}
	if at.member > 0 && at.member >= len(inputs) {
		return fmt.Errorf("bucket: resume %s: it has no member %d: %w", sl.Name, at.member+1, exporter.ErrCursorExpired)
	}
	for i := at.member; i < len(inputs); i++ {
		if err := s.readMember(ctx, e, e.memberOf(sl, inputs[i], info), inputs[i], at, yield); err != nil {
			return err
		}
		at = position{finger: e.finger, member: i + 1}
	}
	return nil
}

// readMember reads one input from the position on.
func (s *Source) readMember(ctx context.Context, e *entry, f file, in format.Input, at position, yield func(exporter.Batch, error) bool) error {
	m, err := s.open(ctx, e, f, in)
	if err != nil {
		return s.unread(in.Name, err)
	}
	defer m.close()
	if m.format == "" {
		return nil
	}
	fin := newFinisher(m.layout, e.facts, f, s.batch.Mem, at.rows)
	defer fin.release()
	for b, err := range m.batches(ctx, at.inner) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return s.unread(in.Name, err)
		}
		at.inner, at.rows = b.Cursor, at.rows+b.Rows
		if b, err = fin.finish(b); err != nil {
			return s.unread(in.Name, err)
		}
		b.Cursor = at.cursor()
		if !give(b, yield) {
			return errStopped
		}
	}
	return nil
}

// fileOf is what is known of the slice's file.
func (e *entry) fileOf(sl exporter.Slice) file {
	f := file{name: sl.Name}
	f.FileName, _ = ParseFileName(sl.Name)
	if sp, ok := e.pattern.match(sl.Name); ok && sp.first == sp.last {
		f.day = sp.first
	}
	if sl.Object != nil {
		f.updated = sl.Object.Updated
	}
	return f
}

// memberOf is what is known of an input of the slice: of a member of an archive
// its own name tells more than that of the archive.
func (e *entry) memberOf(sl exporter.Slice, in format.Input, info unpack.Info) file {
	f := e.fileOf(sl)
	if len(info.Packing) > 0 && info.Packing[0] == "zip" {
		f.member = strings.TrimPrefix(in.Name, sl.Name+"/")
		if n, ok := ParseFileName(f.member); ok {
			f.FileName = n
		}
	}
	return f
}

// give yields a batch and releases it. It reports whether to go on.
func give(b exporter.Batch, yield func(exporter.Batch, error) bool) bool {
	if b.Record != nil {
		defer b.Record.Release()
	}
	return yield(b, nil)
}
