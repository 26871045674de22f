package unpack

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/unpack/inflate"
)

// An archive is a zip file.
type archive struct {
	src Source
	o   Options
	z   *zip.Reader

	mu sync.Mutex
	at *readerAt
}

func openArchive(ctx context.Context, src Source, o Options) (*archive, error) {
	if src.Size < 0 {
		return nil, fmt.Errorf("unpack: %s: a zip archive of unknown size cannot be read", src.Name)
	}
	a := &archive{src: src, o: o, at: &readerAt{ctx: ctx, src: src}}
	defer a.at.close()
	var err error
	a.z, err = zip.NewReader(a.at, src.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // nothing is written by name
		return nil, a.damage(err)
	}
	return a, nil
}

// damage is an error of reading the directory.
func (a *archive) damage(err error) error {
	if a.at.err != nil {
		return a.at.err
	}
	return fmt.Errorf("unpack: %s: %w: %s", a.src.Name, exporter.ErrContent, err.Error())
}

// document reports whether the archive is a document of its own kind: a
// workbook or text of an office, for example.
func (a *archive) document() bool {
	for i, f := range a.z.File {
		if f.Name == "[Content_Types].xml" || i == 0 && f.Name == "mimetype" {
			return true
		}
	}
	return false
}

func (a *archive) inputs() ([]format.Input, Info, error) {
	info := Info{Packing: []string{zipped.String()}}
	var ins []format.Input
	for _, f := range a.z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if strings.HasPrefix(f.Name, "__MACOSX/") || a.o.Members != nil && !a.o.Members(f.Name) {
			info.Skipped++
			continue
		}
		m := &member{a: a, f: f, name: a.src.Name + "/" + strings.ToValidUTF8(f.Name, "�")}
		if f.Flags&1 != 0 {
			return nil, info, fmt.Errorf("unpack: %s: %w: it is encrypted; export it without a password", m.name, exporter.ErrContent)
		}
		if f.Method != zip.Store && f.Method != zip.Deflate && f.Method != zstdMethod {
			return nil, info, fmt.Errorf("unpack: %s: %w: it is packed by method %d of zip, which is not known", m.name, exporter.ErrContent, f.Method)
		}
		info.Members++
		ins = append(ins, format.Input{Name: m.name, Size: -1, Open: m.open})
	}
	return ins, info, nil
}

// zstdMethod is zstd's number in zip files.
const zstdMethod = 93

// A member is a file of an archive.
type member struct {
	a    *archive
	f    *zip.File
	name string
}

func (m *member) open(ctx context.Context, p format.Place) (format.Stream, error) {
	if p.Packed != 0 || p.Base != 0 {
		return nil, misplaced(m.name, p)
	}
	offset, err := m.offset(ctx)
	if err != nil {
		return nil, err
	}
	rc, err := m.a.src.Open(ctx, offset)
	if err != nil {
		return nil, err
	}
	s := &stream{
		name: m.name,
		in:   &packed{ctx: ctx, rc: rc, from: offset, at: offset, left: int64(m.f.CompressedSize64)},
		o:    m.a.o,
	}
	if err = m.unpack(s); err == nil {
		err = s.drop(p)
	}
	if err != nil {
		rc.Close()
		return nil, err
	}
	return s, nil
}

// offset finds where the member's bytes begin.
func (m *member) offset(ctx context.Context) (int64, error) {
	m.a.mu.Lock()
	defer m.a.mu.Unlock()
	m.a.at.begin(ctx)
	defer m.a.at.close()
	offset, err := m.f.DataOffset()
	if err != nil {
		return 0, m.a.damage(err)
	}
	if size := m.f.CompressedSize64; size > uint64(m.a.src.Size) || offset > m.a.src.Size-int64(size) {
		return 0, fmt.Errorf("unpack: %s: %w: it ends behind the archive", m.name, exporter.ErrContent)
	}
	return offset, nil
}

func (m *member) unpack(s *stream) error {
	var r io.Reader = s.in
	switch m.f.Method {
	case zip.Deflate:
		r = inflate.NewRawReader(r)
	case zstdMethod:
		d, err := newFrames(r, nil)
		if err != nil {
			return err
		}
		r = d
	}
	return s.layers(&meter{r: &checked{r: r, f: m.f}, in: s.in, ratio: s.o.MaxRatio})
}

// checked compares a member with the sums of the directory.
type checked struct {
	r   io.Reader
	f   *zip.File
	n   uint64
	crc uint32
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += uint64(n)
	c.crc = crc32.Update(c.crc, crc32.IEEETable, b[:n])
	switch {
	case c.n > c.f.UncompressedSize64:
		err = errors.New("longer than the archive's directory says")
	case !errors.Is(err, io.EOF):
	case c.n < c.f.UncompressedSize64:
		err = errors.New("shorter than the archive's directory says")
	case c.crc != c.f.CRC32:
		err = errors.New("the text does not match its CRC")
	}
	return n, err
}

// readerAt reads a Source anywhere, for the directory of an archive. Reading on
// from where it was costs no new request.
type readerAt struct {
	ctx   context.Context
	src   Source
	rc    io.ReadCloser
	next  int64 // where rc is
	block []byte
	off   int64 // of block
	spent int64 // bytes read since begin
	err   error // of the source
}

const (
	blockSize    = 64 << 10
	maxDirectory = 16 << 20
)

func (r *readerAt) begin(ctx context.Context) { r.ctx, r.spent, r.err = ctx, 0, nil }

func (r *readerAt) close() {
	if r.rc != nil {
		r.rc.Close() // nothing was written to it
	}
	r.rc = nil
}

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("its directory names a place before its start")
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= r.src.Size {
			return done, io.EOF
		}
		if at < r.off || at >= r.off+int64(len(r.block)) {
			if err := r.load(at); err != nil {
				return done, err
			}
		}
		done += copy(p[done:], r.block[at-r.off:])
	}
	return done, nil
}

// load reads the block at an offset, or the last of the object, which holds the
// end of the directory.
func (r *readerAt) load(at int64) error {
	if last := max(0, r.src.Size-blockSize); at > last {
		at = last
	}
	if r.rc == nil || r.next != at {
		r.close()
		rc, err := r.src.Open(r.ctx, at)
		if err != nil {
			r.err = err
			return err
		}
		r.rc, r.next = rc, at
	}
	if r.block == nil {
		r.block = make([]byte, blockSize)
	}
	block := r.block[:min(blockSize, r.src.Size-at)]
	n, err := io.ReadFull(r.rc, block)
	r.next += int64(n)
	if r.spent += int64(n); r.spent > maxDirectory {
		return fmt.Errorf("its directory is larger than %d bytes", maxDirectory)
	}
	if err != nil {
		r.block = r.block[:0]
		r.err = err
		return err
	}
	r.block, r.off = block, at
	return nil
}
