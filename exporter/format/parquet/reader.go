package parquet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A reader makes batches of the rows of one file.
type reader struct {
	in format.Input
	o  Options
	bt format.Batching

	file   *format.Spool
	foot   *footer
	schema *schema
	layout layout
	asm    assembler
	b      *format.Builder
	codecs codecs
	budget budget
	where  string // what is being read, for errors

	rows   int64 // of the file, all of them
	group  int   // the row group being read
	inside int64 // rows read of it
	before int64 // rows of the row groups before it
	isOpen bool

	read     int64 // bytes of the row groups read to their end
	reported int64 // bytes of the batches made
}

// open gets ready to read the rows after the cursor.
func (r *reader) open(ctx context.Context, after exporter.Cursor) (err error) {
	defer r.guard(&err)
	if r.file, err = format.NewSpool(ctx, r.in, r.o.TempDir, r.o.MaxBytes); err != nil {
		return err
	}
	if r.foot, err = readFooter(r.file, r.file.Size); err != nil {
		return r.content(err)
	}
	if r.foot.encrypted {
		return r.content(errEncrypted)
	}
	if r.schema, err = newSchema(r.foot.elements); err != nil {
		return r.content(err)
	}
	if r.rows, err = r.foot.rows(len(r.schema.leaves)); err != nil {
		return r.content(err)
	}
	r.budget = budget{left: r.o.MaxMemory}
	r.asm = assembler{zone: r.bt.Zone, most: r.o.MaxCell}
	if err := r.plan(); err != nil {
		return r.content(err)
	}
	return r.seek(after)
}

// seek goes to the rows after the cursor: "<row group>:<rows of the file before>".
func (r *reader) seek(after exporter.Cursor) error {
	if after == "" {
		return nil
	}
	group, rows, _ := strings.Cut(string(after), ":")
	g, err := strconv.Atoi(group)
	at, err2 := strconv.ParseInt(rows, 10, 64)
	if err != nil || err2 != nil || g < 0 || g > len(r.foot.groups) {
		return r.expired(after)
	}
	for _, group := range r.foot.groups[:g] {
		r.before += group.rows
	}
	r.group, r.inside = g, at-r.before
	if r.inside < 0 || at > r.rows || g < len(r.foot.groups) && r.inside > r.foot.groups[g].rows {
		return r.expired(after)
	}
	return nil
}

func (r *reader) expired(after exporter.Cursor) error {
	return fmt.Errorf("parquet: %q is no place in %s: %w", after, r.in.Name, exporter.ErrCursorExpired)
}

func (r *reader) close() {
	r.shut()
	r.codecs.close()
	if r.b != nil {
		r.b.Release()
	}
	for _, v := range r.layout.vectors {
		v.drop()
	}
	if r.file != nil {
		r.file.Close() // only read from, and temporary: nothing can be lost
	}
}

// next makes a batch; one of no rows at the end of the file.
func (r *reader) next() (b exporter.Batch, err error) {
	defer r.guard(&err)
	left := r.rows - r.before - r.inside
	if left == 0 {
		return b, r.ended()
	}
	l := &r.layout
	room := int(min(int64(r.bt.Rows), left, max(r.bt.Bytes/max(l.width, 1), 1)))
	l.start(room)
	n, from := 0, r.before+r.inside
	for n < room {
		m, err := r.step(room-n, n == 0)
		if err != nil {
			return b, r.content(err)
		}
		if m == 0 {
			break
		}
		n += m
	}
	return r.flush(n, from)
}

// ended checks the end of the file: what is left of the last row group.
func (r *reader) ended() error {
	if err := r.finish(); err != nil {
		return r.content(err)
	}
	return nil
}

// step reads at most m rows, all of one row group. 0 means that the next row
// does not fit into the batch.
func (r *reader) step(m int, must bool) (int, error) {
	if err := r.enter(); err != nil {
		return 0, err
	}
	m = int(min(int64(m), r.foot.groups[r.group].rows-r.inside))
	for _, v := range r.layout.vectors {
		if err := v.leaf.fill(); err != nil {
			return 0, r.at(v.leaf, err)
		}
		m = min(m, v.leaf.n-v.leaf.at)
	}
	if m = r.fit(m, must); m == 0 {
		return 0, nil
	}
	if len(r.layout.slow) > 0 {
		var err error
		if m, err = r.slow(m); err != nil {
			return 0, err
		}
	}
	for _, v := range r.layout.vectors {
		v.take(m)
	}
	r.inside += int64(m)
	return m, nil
}

// at names the column of an error.
func (r *reader) at(l *leaf, err error) error {
	if err == io.EOF {
		err = errRows
	}
	return fmt.Errorf("column %q: %w", l.path, err)
}

// fit returns how many of the next m rows the batch has room for, at least one
// if it must.
func (r *reader) fit(m int, must bool) int {
	used := int64(0)
	for _, v := range r.layout.vectors {
		used += v.used()
	}
	if r.b != nil {
		used += r.b.Bytes()
	}
	for ; m > 0; m /= 2 {
		more := used
		for _, v := range r.layout.vectors {
			if v.sort == sortText {
				more += v.bytesOf(m)
			}
		}
		if more <= r.bt.Bytes || m == 1 && must {
			return m
		}
	}
	return 0
}

// enter opens the row group of the next row.
func (r *reader) enter() error {
	for r.inside == r.foot.groups[r.group].rows {
		if err := r.finish(); err != nil {
			return err
		}
		r.before += r.foot.groups[r.group].rows
		r.group, r.inside = r.group+1, 0
	}
	if r.isOpen {
		return nil
	}
	r.where = fmt.Sprintf(", row group %d", r.group+1)
	r.isOpen = true
	for i, l := range r.schema.leaves {
		if err := l.open(r.file, &r.foot.groups[r.group].chunks[i], &r.codecs, &r.budget); err != nil {
			return r.at(l, err)
		}
		if r.inside > 0 {
			if err := l.drop(r.inside); err != nil {
				return r.at(l, err)
			}
		}
	}
	return nil
}

// finish checks that the row group ends where it says, and leaves it.
func (r *reader) finish() error {
	if !r.isOpen {
		return nil
	}
	for _, l := range r.schema.leaves {
		switch _, _, err := l.peek(); err {
		case io.EOF:
		case nil:
			return r.at(l, errors.New("it has more rows than its row group: the file is damaged"))
		default:
			return r.at(l, err)
		}
	}
	r.shut()
	return nil
}

func (r *reader) shut() {
	if r.isOpen {
		r.read += r.pageBytes()
		for _, l := range r.schema.leaves {
			l.close()
		}
		r.isOpen = false
	}
}

// pageBytes is how many bytes the pages read of this row group have.
func (r *reader) pageBytes() (n int64) {
	for _, l := range r.schema.leaves {
		if l.pager != nil {
			n += l.pager.bytes
		}
	}
	return n
}

// flush makes a batch of the n rows read, whose first has that index.
func (r *reader) flush(n int, from int64) (exporter.Batch, error) {
	j := joint{out: exporter.Batch{Rows: int64(n)}}
	if r.b != nil {
		if err := r.b.Err(); err != nil {
			return j.out, r.content(err)
		}
		j.slow = r.b.Flush()
		j.out.Rejects = j.slow.Rejects
	}
	for _, c := range r.layout.columns {
		if c.vector != nil {
			j.vector(c)
		} else {
			j.next()
		}
	}
	r.finishBatch(j.batch(int64(n)), from)
	return j.out, nil
}

// finishBatch sets what a batch has beside its record.
func (r *reader) finishBatch(out *exporter.Batch, from int64) {
	slices.SortStableFunc(out.Rejects, func(a, b exporter.Reject) int { return cmp.Compare(a.Row, b.Row) })
	slices.SortStableFunc(out.First, func(a, b exporter.First) int {
		return cmp.Or(cmp.Compare(a.Column, b.Column), cmp.Compare(a.Row, b.Row))
	})
	for i := range out.Rejects {
		out.Rejects[i].Place = r.place(from + out.Rejects[i].Row)
	}
	total := r.read
	if r.isOpen {
		total += r.pageBytes()
	}
	out.Bytes, r.reported = total-r.reported, total
	out.Cursor = exporter.Cursor(fmt.Sprintf("%d:%d", r.group, r.before+r.inside))
}

// place says where row i of the file is.
func (r *reader) place(i int64) string {
	end := int64(0)
	for g, group := range r.foot.groups {
		if end += group.rows; i < end {
			return fmt.Sprintf("%s, row group %d, row %d", r.in.Name, g+1, i+1)
		}
	}
	return r.in.Name
}
