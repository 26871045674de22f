package clevertap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
)

// longestID is the longest id, in bytes.
const longestID = 1024

// ids yields the ids that an entry names, in its order: from the entry, a file
// or a query. Blanks around them are taken off, empty ones passed over. Errors
// hold no id.
func (s *Source) ids(ctx context.Context, e Selection) iter.Seq2[string, error] {
	from := listed(e.IDs)
	switch {
	case e.IDsFile != "":
		from = filed(e.IDsFile, e.IDsColumn)
	case e.IDsQuery != "" && s.query == nil:
		return func(yield func(string, error) bool) {
			yield("", fmt.Errorf("there is no warehouse here to ask"))
		}
	case e.IDsQuery != "":
		from = s.query(ctx, e.IDsQuery)
	}
	return func(yield func(string, error) bool) {
		n := 0
		for id, err := range from {
			if id, n = strings.TrimSpace(id), n+1; err == nil && len(id) > longestID {
				err = fmt.Errorf("id %d: longer than %d bytes", n, longestID)
			}
			if err != nil {
				yield("", err)
				return
			}
			if id != "" && !yield(id, nil) {
				return
			}
		}
	}
}

// source is the key that names the ids.
func (e Selection) source() string {
	switch {
	case e.IDsFile != "":
		return "ids_file"
	case e.IDsQuery != "":
		return "ids_query"
	}
	return "ids"
}

func listed(ids []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// filed yields the lines of a file, or the cells of a column of CSV.
func filed(name, column string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f, err := os.Open(name)
		if err != nil {
			yield("", err)
			return
		}
		defer f.Close()
		r := bufio.NewReader(f)
		if mark, _ := r.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
			_, err = r.Discard(3)
		}
		switch {
		case err != nil:
		case column == "":
			err = lines(r, yield)
		default:
			err = cellsOf(r, column, yield)
		}
		if err != nil {
			yield("", fmt.Errorf("%s: %w", name, err))
		}
	}
}

func lines(r io.Reader, yield func(string, error) bool) error {
	s := bufio.NewScanner(r)
	for s.Scan() {
		if !yield(s.Text(), nil) {
			return nil
		}
	}
	return s.Err()
}

func cellsOf(r io.Reader, column string, yield func(string, error) bool) error {
	c := csv.NewReader(r)
	c.FieldsPerRecord, c.ReuseRecord = -1, true
	head, err := c.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	at := slices.Index(head, column)
	if at < 0 {
		return fmt.Errorf("ids_column: the first line has no column %q", column)
	}
	for {
		row, err := c.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err // it names a line and a column, and no content
		case at < len(row) && !yield(row[at], nil):
			return nil
		}
	}
}

// A listSum is what is known of a list without holding it.
type listSum struct {
	n     int
	any   [sha256.Size]byte // whatever the order: the sum of the ids' hashes
	order hash.Hash
}

func newListSum() *listSum { return &listSum{order: sha256.New()} }

func (l *listSum) add(id string) {
	l.n++
	one := sha256.Sum256([]byte(id))
	carry := uint(0)
	for i := range one {
		carry += uint(l.any[i]) + uint(one[i])
		l.any[i] = byte(carry)
		carry >>= 8
	}
	l.order.Write(one[:])
}

// content names what is in the list, in any order.
func (l *listSum) content() string {
	sum := sha256.Sum256(fmt.Appendf(l.any[:], "%d", l.n))
	return hex.EncodeToString(sum[:6])
}

// sequence names the list as it stands.
func (l *listSum) sequence() string { return hex.EncodeToString(l.order.Sum(nil)[:8]) }

// summed reads the list of an entry once.
func (s *Source) summed(ctx context.Context, e Selection) (*listSum, error) {
	l := newListSum()
	for id, err := range s.ids(ctx, e) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.source(), err)
		}
		l.add(id)
	}
	return l, ctx.Err()
}

// An idList is a list that stays as it is while it is read: a copy on disk,
// for queries and files may be long and change.
type idList struct {
	*listSum
	file *os.File
	r    *bufio.Reader
}

// spool copies the list of an entry. Whoever gets it closes it.
func (s *Source) spool(ctx context.Context, e Selection) (*idList, error) {
	f, err := os.CreateTemp("", "tapline-ids-*")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.source(), err)
	}
	l := &idList{listSum: newListSum(), file: f}
	// Its name goes at once, so that no ids stay behind when the process dies.
	err = os.Remove(f.Name())
	if err == nil {
		err = l.fill(ctx, s.ids(ctx, e))
	}
	if err != nil {
		l.close()
		return nil, fmt.Errorf("%s: %w", e.source(), err)
	}
	return l, nil
}

// fill writes the ids and goes back to the first.
func (l *idList) fill(ctx context.Context, ids iter.Seq2[string, error]) error {
	w := bufio.NewWriter(l.file)
	var size []byte
	for id, err := range ids {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		l.add(id)
		size = binary.AppendUvarint(size[:0], uint64(len(id)))
		_, _ = w.Write(size) // Flush tells
		_, _ = w.WriteString(id)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := l.file.Seek(0, io.SeekStart)
	l.r = bufio.NewReader(l.file)
	return err
}

// next returns the next id, io.EOF behind the last.
func (l *idList) next() (string, error) {
	n, err := binary.ReadUvarint(l.r)
	if err != nil {
		return "", err
	}
	id := make([]byte, min(n, longestID))
	_, err = io.ReadFull(l.r, id)
	return string(id), err
}

// close gives the copy back, of which nothing is kept: no error of it matters.
func (l *idList) close() { _ = l.file.Close() }
