package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
	"tapline/warehouse/parts"
)

// errStopped is what the server is told when the parts cannot be read on.
var errStopped = errors.New("tapline stopped sending")

// A stream is parts in the binary format of COPY, an io.Reader. One record and one
// block of rows are in memory at a time.
type stream struct {
	ctx     context.Context
	parts   []warehouse.LocalPart
	columns []column
	load    []warehouse.Column // what the load says that parts have; nil = what the table has
	enc     *encoder
	look    func(arrow.Record) error // at each record before it is sent; nil = not

	mu      sync.Mutex // COPY may leave a read behind when the connection breaks
	err     error
	started bool // the head is sent
	ended   bool // the tail is sent
	part    parts.Reader
	open    bool  // part is
	source  []int // of each column, its place in the part, or -1
	rec     arrow.Record
	row     int
	out     []byte
	rows    int64
}

func newStream(ctx context.Context, table string, parts []warehouse.LocalPart, columns []column, load []warehouse.Column) *stream {
	return &stream{ctx: ctx, parts: parts, columns: columns, load: load, enc: newEncoder(table, columns)}
}

// Read implements io.Reader. The reason of a failure is kept for failed.
func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.out) == 0 {
		if s.err == nil {
			s.out, s.err = s.next()
		}
		if s.err != nil {
			if errors.Is(s.err, io.EOF) {
				return 0, io.EOF
			}
			return 0, errStopped
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// next returns the bytes that come next: the head, blocks of rows, the tail.
func (s *stream) next() ([]byte, error) {
	if !s.started {
		s.started = true
		return append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0), nil
	}
	for {
		if s.ended {
			return nil, io.EOF
		}
		if s.rec != nil && s.row < int(s.rec.NumRows()) {
			block, next := s.enc.encode(s.row, int(s.rec.NumRows()))
			s.rows += int64(next - s.row)
			s.row = next
			return block, nil
		}
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		more, err := s.advance()
		if err != nil {
			return nil, err
		}
		if !more {
			s.ended = true
			return binary.BigEndian.AppendUint16(nil, 0xffff), nil
		}
	}
}

// advance goes on to the next record, of the next part where need be.
func (s *stream) advance() (bool, error) {
	for {
		if !s.open {
			if len(s.parts) == 0 {
				return false, nil
			}
			if err := s.openPart(); err != nil {
				return false, err
			}
		}
		rec, err := s.part.Next()
		if errors.Is(err, io.EOF) {
			err = s.closePart()
			s.parts = s.parts[1:]
			if err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, fmt.Errorf("part %s: %w", s.parts[0].Name, err)
		}
		s.rec, s.row = rec, 0
		if s.look != nil {
			if err := s.look(rec); err != nil {
				return false, err
			}
		}
		return true, s.enc.open(rec, s.source)
	}
}

func (s *stream) openPart() error {
	p := s.parts[0]
	if err := s.part.Open(s.ctx, p.Path); err != nil {
		return fmt.Errorf("part %s: %w", p.Name, err)
	}
	s.open = true
	var err error
	s.source, err = s.match(s.part.Schema())
	return err
}

func (s *stream) closePart() error {
	s.rec = nil
	if !s.open {
		return nil
	}
	s.open = false
	return s.part.Close()
}

// match finds the columns of a part. Each must be one that the load names, of a
// type that it and the table can hold.
func (s *stream) match(schema *arrow.Schema) ([]int, error) {
	source := make([]int, len(s.columns))
	for i := range source {
		source[i] = -1
	}
	named := make(map[string]arrow.DataType, len(s.load))
	for _, c := range s.load {
		named[c.Name] = c.Type
	}
	for i, f := range schema.Fields() {
		j := indexOf(s.columns, f.Name)
		want, ok := named[f.Name]
		switch {
		case j < 0 || !ok:
			return nil, &warehouse.SchemaError{Table: s.enc.table, Column: f.Name, Reason: "a part has it, and the load does not name it"}
		case !s.columns[j].holds(f.Type):
			return nil, s.columns[j].misfit(s.enc.table, f.Type)
		case f.Type.ID() != want.ID() && !(f.Type.ID() == arrow.INT64 && want.ID() == arrow.FLOAT64):
			return nil, &warehouse.SchemaError{Table: s.enc.table, Column: f.Name, Have: warehouse.TypeName(want), Want: warehouse.TypeName(f.Type),
				Reason: "a part has another type than the load says"}
		}
		source[j] = i
	}
	return source, nil
}

// stop ends the stream, whether it was read to its end or not, and returns why it
// failed, nil = it did not.
func (s *stream) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err, s.out = errStopped, nil
	if errors.Is(err, io.EOF) || errors.Is(err, errStopped) {
		err = nil
	}
	if end := s.closePart(); err == nil {
		err = end
	}
	return err
}

// copyIn sends the stream into a table, or a temporary one, and returns how many
// rows the server took.
func (t *tx) copyIn(ctx context.Context, s *stream, table string, temp bool) (int64, error) {
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = c.Name
	}
	text, err := t.text("copy", data{"Table": table, "Temp": temp, "Columns": names})
	if err != nil {
		return 0, err
	}
	tag, err := t.conn.CopyFrom(ctx, s, text)
	if mine := s.stop(); mine != nil && !isLost(err) {
		return 0, mine
	}
	if err != nil {
		return 0, err
	}
	if tag.RowsAffected() != s.rows {
		return 0, fmt.Errorf("%w: the server took %d rows, %d were sent", warehouse.ErrCount, tag.RowsAffected(), s.rows)
	}
	return s.rows, nil
}
