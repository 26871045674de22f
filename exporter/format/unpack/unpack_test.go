package unpack

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A store is one object in memory that counts what is asked of it.
type store struct {
	data  []byte
	opens int
	read  int64
	fail  error // instead of the end
	open  int   // not closed
}

func (s *store) source(name string) Source {
	return Source{Name: name, Size: int64(len(s.data)), Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		s.opens++
		s.open++
		r := io.Reader(bytes.NewReader(s.data[offset:]))
		if s.fail != nil {
			r = io.MultiReader(io.LimitReader(r, int64(len(s.data))-offset-1), iotest.ErrReader(s.fail))
		}
		return &counted{s: s, r: r}, nil
	}}
}

type counted struct {
	s *store
	r io.Reader
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.s.read += int64(n)
	return n, err
}

func (c *counted) Close() error { c.s.open--; return nil }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pack(w func(io.Writer) io.WriteCloser, text []byte) []byte {
	var b bytes.Buffer
	z := w(&b)
	must(z.Write(text))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gz(text []byte) []byte {
	return pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, text)
}

func zst(text []byte) []byte {
	return pack(func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) }, text)
}

func xzip(text []byte) []byte {
	return pack(func(w io.Writer) io.WriteCloser { return must(xz.NewWriter(w)) }, text)
}

func snap(text []byte) []byte {
	return pack(func(w io.Writer) io.WriteCloser { return s2.NewWriter(w, s2.WriterSnappyCompat()) }, text)
}

// bz is bzip2 of "hello, hello, hello\n", for the library only reads it.
var bz = must(hex.DecodeString("425a6839314159265359cb52e5670000055100001040040244a00021243108602f1844c715178bb9229c284865a972b380"))

// rows is text that packs well, and differs everywhere.
func rows(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,row number %d,%x\n", i, i, i*i*7919)
	}
	return b.Bytes()[:n]
}

func read(t testing.TB, in format.Input, p format.Place) ([]byte, error) {
	t.Helper()
	s, err := in.Open(context.Background(), p)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return io.ReadAll(s)
}

func TestOpen(t *testing.T) {
	text := rows(60000)
	skip := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc")
	for _, c := range []struct {
		name  string
		data  []byte
		info  string
		plain bool
		want  []byte
	}{
		{"Plain", text, "plain", true, text},
		{"Empty", nil, "plain", true, nil},
		{"OneByte", []byte("P"), "plain", true, []byte("P")},
		{"Gzip", gz(text), "gzip", false, text},
		{"GzipOfNothing", gz(nil), "gzip", false, nil},
		{"GzipMembers", append(gz(text), gz(text)...), "gzip", false, append(bytes.Clone(text), text...)},
		{"GzipZeros", append(gz(text), make([]byte, 5000)...), "gzip", false, text},
		{"Zstd", zst(text), "zstd", false, text},
		{"ZstdFrames", bytes.Join([][]byte{skip, zst(text), skip, zst(text), skip}, nil), "zstd", false, append(bytes.Clone(text), text...)},
		{"Bzip2", bz, "bzip2", false, []byte("hello, hello, hello\n")},
		{"XZ", xzip(text), "xz", false, text},
		{"Snappy", snap(text), "snappy", false, text},
		{"GzipOfGzip", gz(gz(text)), "gzip of gzip", false, text},
		{"GzipOfZstdOfXZ", gz(zst(xzip(text))), "gzip of zstd of xz", false, text},
		{"GzipOfZip", gz(archived(member1{name: "a", text: text})), "gzip", false, archived(member1{name: "a", text: text})},
		{"AlmostGzip", []byte("\x1f\x8b"), "plain", true, []byte("\x1f\x8b")},
		{"AlmostBzip2", []byte("BZh9 is text"), "plain", true, []byte("BZh9 is text")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &store{data: c.data}
			ins, info, err := Open(context.Background(), s.source("a.csv"), Options{})
			if err != nil || len(ins) != 1 {
				t.Fatalf("%d inputs, %v", len(ins), err)
			}
			if info.String() != c.info || ins[0].Name != "a.csv" {
				t.Errorf("%s is %s; want %s", ins[0].Name, info, c.info)
			}
			if want := int64(len(c.data)); c.plain && ins[0].Size != want || !c.plain && ins[0].Size != -1 {
				t.Errorf("size %d", ins[0].Size)
			}
			got, err := read(t, ins[0], format.Place{})
			if err != nil || !bytes.Equal(got, c.want) {
				t.Errorf("%d bytes, %v; want %d", len(got), err, len(c.want))
			}
			if s.open != 0 {
				t.Errorf("%d readers were not closed", s.open)
			}
		})
	}
}

// TestPlace reads on from every place that a stream gives.
func TestPlace(t *testing.T) {
	var gzips, frames, text []byte
	gzMarks, zMarks := map[int64]int64{}, map[int64]int64{}
	for i := range 8 {
		part := rows(i * i * 500)
		gzMarks[int64(len(gzips))], zMarks[int64(len(frames))] = int64(len(text)), int64(len(text))
		gzips, frames, text = append(gzips, gz(part)...), append(frames, zst(part)...), append(text, part...)
	}
	for name, c := range map[string]struct {
		data  []byte
		marks map[int64]int64
	}{
		"Plain": {text, nil}, "Gzip": {gzips, gzMarks}, "Zstd": {frames, zMarks}, "XZ": {xzip(text), nil}, "GzipOfGzip": {gz(gzips), nil},
		"Zip": {archived(member1{name: "x", text: text}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			ins, _, err := Open(context.Background(), (&store{data: c.data}).source("a"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := ins[0].Open(context.Background(), format.Place{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r, seen := rand.New(rand.NewPCG(1, 2)), map[int64]bool{}
			for at := 0; ; {
				p := s.Place(int64(at))
				if q, err := format.ParsePlace(p.String()); err != nil || q != p {
					t.Fatalf("%s is parsed as %s, %v", p, q, err)
				}
				if base, ok := c.marks[p.Packed]; p.Base != base || c.marks != nil && !ok {
					t.Fatalf("place %s; members begin at %v", p, c.marks)
				}
				seen[p.Packed] = true
				if got, err := read(t, ins[0], p); err != nil || !bytes.Equal(got, text[at:]) {
					t.Fatalf("from %s: %d bytes of %d, %v", p, len(got), len(text)-at, err)
				}
				if at == len(text) {
					break
				}
				n, err := io.ReadFull(s, make([]byte, min(1+r.IntN(3000), len(text)-at)))
				if err != nil {
					t.Fatal(err)
				}
				at += n
			}
			if len(c.marks) > 0 && len(seen) < len(c.marks)-1 { // the first member is empty
				t.Errorf("began at %d members of %d", len(seen), len(c.marks))
			}
		})
	}
}

func TestPlaceExpired(t *testing.T) {
	text := rows(50000)
	for _, c := range []struct {
		name string
		data []byte
		p    format.Place
	}{
		{"PlainBeyond", text, format.Place{Offset: 50001}},
		{"PlainPacked", text, format.Place{Offset: 10, Packed: 5}},
		{"PlainBase", text, format.Place{Offset: 10, Base: 5}},
		{"GzipBeyond", gz(text), format.Place{Offset: 50001}},
		{"GzipNoMember", gz(text), format.Place{Offset: 10, Packed: 5}},
		{"GzipPackedBeyond", gz(text), format.Place{Offset: 10, Packed: 1 << 40}},
		{"XZPacked", xzip(text), format.Place{Offset: 10, Packed: 5}},
		{"ZipPacked", archived(member1{name: "a", text: text}), format.Place{Offset: 10, Packed: 5}},
		{"EmptyBeyond", nil, format.Place{Offset: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ins, _, err := Open(context.Background(), (&store{data: c.data}).source("a"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := read(t, ins[0], c.p); !errors.Is(err, exporter.ErrCursorExpired) {
				t.Errorf("%v; want %v", err, exporter.ErrCursorExpired)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	text := rows(80000)
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 0x10
		return b
	}
	zeros := make([]byte, 8<<20)
	g, z := gz(text), zst(text)
	huge := xzip(text)
	huge[12+4] = 40 // a dictionary of 4 GiB; the header's CRC is looked at later
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"ErrGzipCut", g[:len(g)-100], fmt.Sprintf("byte %d: content cannot be read: the input ends in the middle", len(g)-100)},
		{"ErrGzipCRC", flip(g, len(g)-8), "does not match its CRC"},
		{"ErrGzipSize", flip(g, len(g)-4), "does not have its length"},
		{"ErrGzipGarbage", append(bytes.Clone(g), "x"...), fmt.Sprintf("byte %d: ", len(g))},
		{"ErrZstdCut", z[:len(z)-100], fmt.Sprintf("byte %d: content cannot be read: it ends in the middle", len(z)-100)},
		{"ErrZstdCRC", flip(z, len(z)-1), "CRC check failed"},
		{"ErrZstdGarbage", append(bytes.Clone(z), "garbage"...), fmt.Sprintf("want a zstd frame at byte %d", len(z))},
		{"ErrBzip2Cut", bz[:len(bz)-4], "ends in the middle"},
		{"ErrXZCut", xzip(text)[:1000], "content cannot be read"},
		{"ErrXZDictionary", huge, "dictionary of 4294967296 bytes"},
		{"ErrSnappyCRC", flip(snap(text), 300), "content cannot be read"},
		{"ErrLayers", gz(gz(gz(gz(text)))), "a bomb"},
		{"ErrBombZstd", bytes.Repeat(zst(zeros), 9), "a bomb"},
		{"ErrBombGzip", bytes.Repeat(gz(zeros), 9), "a bomb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &store{data: c.data}
			ins, _, err := Open(context.Background(), s.source("a.gz"), Options{})
			if err == nil {
				var in format.Stream
				if in, err = ins[0].Open(context.Background(), format.Place{}); err == nil {
					_, err = io.Copy(io.Discard, in)
					in.Close()
				}
			}
			if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a.gz") {
				t.Errorf("%v; want %s", err, c.want)
			}
			if s.open != 0 {
				t.Errorf("%d readers were not closed", s.open)
			}
		})
	}
}

// TestManyMembers reads more members than borders are remembered.
func TestManyMembers(t *testing.T) {
	const members = 3*maxMarks + 5
	one := gz([]byte("a row\n"))
	ins, _, err := Open(context.Background(), (&store{data: bytes.Repeat(one, members)}).source("a"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ins[0].Open(context.Background(), format.Place{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n, err := io.Copy(io.Discard, s); n != 6*members || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if n := len(s.(*stream).marks); n > maxMarks {
		t.Errorf("%d borders are remembered", n)
	}
	for _, at := range []int64{0, 3, 600, 6 * members / 2, 6*members - 1, 6 * members} {
		p := s.Place(at)
		if at-p.Base > 100 || p.Base*int64(len(one)) != p.Packed*6 {
			t.Errorf("%d bytes in: %s", at, p)
		}
		if got, err := read(t, ins[0], p); err != nil || int64(len(got)) != 6*members-at {
			t.Errorf("from %s: %d bytes, %v", p, len(got), err)
		}
	}
}

// TestSourceErrors are not damage, whatever a decoder makes of them.
func TestSourceErrors(t *testing.T) {
	text := rows(200000)
	for name, data := range map[string][]byte{
		"Plain": text, "Gzip": gz(text), "Zstd": zst(text), "Bzip2": bz, "XZ": xzip(text), "Snappy": snap(text), "GzipOfZstd": gz(zst(text)),
	} {
		t.Run(name, func(t *testing.T) {
			gone := fmt.Errorf("store: %w", exporter.ErrReplaced)
			s := &store{data: data}
			ins, _, err := Open(context.Background(), s.source("a"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.fail = gone
			if _, err := read(t, ins[0], format.Place{}); err != gone {
				t.Errorf("%v; want %v", err, gone)
			}
			s.fail = nil
			ctx, cancel := context.WithCancel(context.Background())
			in, err := ins[0].Open(ctx, format.Place{})
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			cancel()
			if _, err := io.Copy(io.Discard, in); len(data) > 70000 && !errors.Is(err, context.Canceled) {
				t.Errorf("%v; want %v", err, context.Canceled)
			}
			s.data = data[:len(data)-1] // ends earlier than was said
			if _, err := read(t, ins[0], format.Place{}); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, exporter.ErrContent) {
				t.Errorf("%v; want %v", err, io.ErrUnexpectedEOF)
			}
		})
	}
}

// FuzzOpen wants an error or content, and the same content from its middle.
func FuzzOpen(f *testing.F) {
	text := rows(2000)
	for _, data := range [][]byte{
		text, gz(text), append(gz(text), gz(text)...), zst(text), append(zst(text), zst(text)...), bz, snap(text), gz(zst(text)),
		archived(member1{name: "a", text: text}, member1{name: "b", text: gz(text)}),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ins, _, err := Open(context.Background(), (&store{data: data}).source("a"), Options{})
		if err != nil {
			return
		}
		for _, in := range ins {
			s, err := in.Open(context.Background(), format.Place{})
			if err != nil {
				continue
			}
			text, err := io.ReadAll(io.LimitReader(s, 1<<20))
			if err == nil && len(text) < 1<<20 {
				half := len(text) / 2
				got, err := read(t, in, s.Place(int64(half)))
				if err != nil || !bytes.Equal(got, text[half:]) {
					t.Errorf("from %d: %d bytes, %v", half, len(got), err)
				}
			}
			s.Close()
		}
	})
}

// TestDamageIsNoEnd: what reads on until io.EOF must not take damage for it.
func TestDamageIsNoEnd(t *testing.T) {
	s := &stream{name: "a", in: &packed{left: -1}}
	err := s.damage(fmt.Errorf("decoder: %w", io.EOF))
	if errors.Is(err, io.EOF) || !errors.Is(err, exporter.ErrContent) {
		t.Errorf("%v", err)
	}
}
