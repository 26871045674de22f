package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	kgzip "github.com/klauspost/compress/gzip"
)

// table is about n bytes of what analysts export: names, dates, ids, numbers.
func table(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"Charged", "Product Viewed", "App Launched", "Push Clicked", "Added To Cart"}
	cities := []string{"Mumbai", "Berlin", "São Paulo", "東京", "New York", "Москва"}
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%s,2026%02d%02d%02d%02d%02d,%016x,%s,", names[r.IntN(len(names))], 1+i/1000000%12, 1+i/30000%28, i/1200%24, i/20%60, r.IntN(60), r.Uint64(), cities[r.IntN(len(cities))])
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, "%d.%02d", r.IntN(5000), r.IntN(100))
		}
		fmt.Fprintf(&b, ",,user%d@example.com,%t,%d,\"%s\"\n", r.IntN(200000), r.IntN(3) == 0, r.IntN(10), strings.Repeat("a", r.IntN(4)))
	}
	return b.Bytes()[:n]
}

func packed(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// levels are those at which packers differ.
var levels = []int{gzip.HuffmanOnly, 0, 1, 2, 4, 6, 9}

// texts are what every level is tried with.
func texts() map[string][]byte {
	noise := make([]byte, 300000)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	periods := []byte{}
	for p := 1; p < 40; p++ {
		periods = append(periods, bytes.Repeat(noise[p*50:p*50+p], 2000/p)...)
	}
	return map[string][]byte{
		"empty": nil, "one": []byte("x"), "short": []byte("abcabcabcabcabcabc"),
		"zeros": make([]byte, 400000), "noise": noise, "table": table(400000), "periods": periods,
		"far":    append(append(bytes.Clone(noise[:32768]), noise[:32768]...), noise[:40000]...),
		"skewed": skewed(r),
	}
}

// skewed has codes of all lengths up to 15.
func skewed(r *rand.Rand) []byte {
	out := make([]byte, 1<<18)
	for i := range out {
		for out[i] < 40 && r.IntN(2) == 0 {
			out[i]++
		}
		if r.IntN(5000) == 0 {
			out[i] = byte(r.Uint32())
		}
	}
	return out
}

// TestReader reads members, and what is between their header and checksum.
func TestReader(t *testing.T) {
	for name, text := range texts() {
		for _, level := range levels {
			file := packed(t, text, level)
			for how, r := range map[string]io.Reader{
				"whole": bytes.NewReader(file), "halves": iotest.HalfReader(bytes.NewReader(file)), "with EOF": iotest.DataErrReader(bytes.NewReader(file)),
			} {
				got, err := io.ReadAll(NewReader(r))
				if err != nil || !bytes.Equal(got, text) {
					t.Fatalf("%s, level %d, %s: %d bytes of %d, %v", name, level, how, len(got), len(text), err)
				}
			}
			got, err := io.ReadAll(NewRawReader(bytes.NewReader(file[10 : len(file)-8])))
			if err != nil || !bytes.Equal(got, text) {
				t.Fatalf("%s, level %d, raw: %d bytes of %d, %v", name, level, len(got), len(text), err)
			}
		}
	}
}

func TestReaderOneByte(t *testing.T) {
	text := table(20000)
	got, err := io.ReadAll(iotest.OneByteReader(NewReader(iotest.OneByteReader(bytes.NewReader(packed(t, text, 6))))))
	if err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(text), err)
	}
}

// TestFlushed reads blocks that hold nothing, and members of another packer.
func TestFlushed(t *testing.T) {
	text := table(200000)
	var b bytes.Buffer
	w := kgzip.NewWriter(&b)
	for rest := text; len(rest) > 0; {
		n := min(len(rest), 5000)
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(NewReader(&b))
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
	}
}

func TestMembers(t *testing.T) {
	parts := [][]byte{[]byte("one"), nil, table(300000), []byte("four")}
	var file, text []byte
	var want, got [][2]int64
	for i, p := range parts {
		want = append(want, [2]int64{int64(len(file)), int64(len(text))})
		file, text = append(file, packed(t, p, 1+i)...), append(text, p...)
	}
	file = append(file, make([]byte, 1000)...)
	z := NewReader(bytes.NewReader([]byte("no gzip")))
	if _, err := io.ReadAll(z); err == nil {
		t.Error("no gzip, and no error")
	}
	z.OnMember = func(packed, base int64) { got = append(got, [2]int64{packed, base}) }
	z.Reset(bytes.NewReader(file))
	out, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(out, text) {
		t.Fatalf("%d bytes of %d, %v", len(out), len(text), err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("members at %v; want %v", got, want)
	}
}

func TestHeader(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Header = gzip.Header{Name: "a name", Comment: "a comment", Extra: []byte("extra")}
	fmt.Fprint(w, "text")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(NewReader(&b))
	if err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDamage(t *testing.T) {
	file := packed(t, []byte("some text, some text"), 6)
	changed := func(at int, by byte) []byte {
		f := bytes.Clone(file)
		f[at] ^= by
		return f
	}
	raw := func(body string) []byte { return append(bytes.Clone(file[:10]), body...) }
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"ErrMagic", []byte("text,of,csv"), "byte 0: want a gzip member"},
		{"ErrMethod", changed(2, 1), "byte 0: a gzip member of an unknown method"},
		{"ErrFlags", changed(3, 0x40), "byte 0: a gzip member of an unknown method"},
		{"ErrHeaderCut", file[:7], "byte 7: the input ends in the middle"},
		{"ErrBodyCut", file[:len(file)-12], fmt.Sprintf("byte %d: the input ends in the middle", len(file)-12)},
		{"ErrTrailerCut", file[:len(file)-1], fmt.Sprintf("byte %d: the input ends in the middle", len(file)-1)},
		{"ErrCRC", changed(len(file)-8, 1), fmt.Sprintf("byte %d: the text of a gzip member does not match its CRC", len(file))},
		{"ErrSize", changed(len(file)-1, 1), fmt.Sprintf("byte %d: the text of a gzip member does not have its length", len(file))},
		{"ErrGarbage", append(bytes.Clone(file), "garbage"...), fmt.Sprintf("byte %d: want a gzip member", len(file))},
		{"ErrGarbageBehindZeros", append(bytes.Clone(file), 0, 0, 'x'), fmt.Sprintf("byte %d: other bytes behind the zeros behind a gzip member", len(file)+2)},
		{"ErrBlockType", raw("\x07"), "byte 11: unknown type of block"},
		{"ErrStored", raw("\x01\x05\x00\x00\x00"), "byte 15: length of a stored block does not match its complement"},
		{"ErrTooFar", raw("\x03\x02" + strings.Repeat("\x00", 40)), "byte 12: a distance beyond the start"},
		{"ErrSymbols", raw("\xfd\xff\xff"), "byte 13: more symbols than there are"},
		{"ErrLengths", raw("\x05\xe0\xff\xff\xff\xff\xff\xff\xff\xff"), "byte 20: lengths that make no code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := io.ReadAll(NewReader(bytes.NewReader(c.file)))
			var e *Error
			if !errors.As(err, &e) || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%v; want %s", err, c.want)
			}
			if cut := strings.Contains(c.name, "Cut"); errors.Is(err, io.ErrUnexpectedEOF) != cut {
				t.Errorf("%v: cut off = %v", err, !cut)
			}
		})
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	file := packed(t, table(1<<20), 6)
	_, err := io.ReadAll(NewReader(io.MultiReader(bytes.NewReader(file[:len(file)/2]), iotest.ErrReader(broken))))
	if !errors.Is(err, broken) {
		t.Errorf("%v; want %v", err, broken)
	}
	_, err = io.ReadAll(NewReader(silent{}))
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%v; want %v", err, io.ErrNoProgress)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// FuzzReader compares with compress/gzip.
func FuzzReader(f *testing.F) {
	for _, text := range texts() {
		text = text[:min(len(text), 3000)]
		for _, level := range []int{gzip.HuffmanOnly, 0, 1, 6, 9} {
			f.Add(packed(f, text, level))
		}
	}
	f.Add(append(packed(f, []byte("a"), 6), packed(f, []byte("b"), 0)...))
	f.Fuzz(func(t *testing.T, file []byte) { compare(t, file) })
}

// TestMutations does the same with bits turned and ends cut off.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for name, text := range texts() {
		text = text[:min(len(text), 5000)]
		for _, level := range levels {
			file := packed(t, text, level)
			for range 60 {
				f := bytes.Clone(file)
				for range 1 + r.IntN(3) {
					f[10+r.IntN(len(f)-10)] ^= 1 << r.IntN(8)
				}
				if r.IntN(4) == 0 {
					f = f[:r.IntN(len(f))]
				}
				compare(t, f)
			}
			if t.Failed() {
				t.Fatalf("%s, level %d", name, level)
			}
		}
	}
}

// compare wants the same text as compress/gzip, or both to fail. The body is
// compared as well without the checksum, which would hide most differences.
func compare(t *testing.T, file []byte) {
	if len(file) > 10 {
		body := file[10:]
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), 1<<20))
		got, err := io.ReadAll(io.LimitReader(NewRawReader(bytes.NewReader(body)), 1<<20))
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%x: %d bytes, %v; compress/flate gives %d, %v", body, len(got), err, len(want), wantErr)
		}
	}
	var want []byte
	std, wantErr := gzip.NewReader(bytes.NewReader(file))
	if wantErr == nil {
		want, wantErr = io.ReadAll(io.LimitReader(std, 1<<20))
	}
	got, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(file)), 1<<20))
	switch {
	case err == nil && (wantErr == nil || len(file) == 0) && bytes.Equal(got, want):
	case err != nil && wantErr != nil:
	case errors.Is(wantErr, gzip.ErrHeader): // long names, zeros at the end
	case err == nil && bytes.Equal(got, want) && errors.Is(wantErr, io.ErrUnexpectedEOF) && file[len(file)-1] == 0: // few zeros
	case err != nil && strings.Contains(err.Error(), "unknown method"): // flags that say nothing yet
	default:
		t.Fatalf("%x: %d bytes, %v; compress/gzip gives %d, %v", file, len(got), err, len(want), wantErr)
	}
}

func BenchmarkReader(b *testing.B) {
	text := table(32 << 20)
	file := packed(b, text, 6)
	z, k := NewReader(bytes.NewReader(nil)), new(kgzip.Reader)
	std := new(gzip.Reader)
	buf := make([]byte, 1<<20)
	for _, c := range []struct {
		name  string
		reset func(io.Reader) (io.Reader, error)
	}{
		{"inflate", func(r io.Reader) (io.Reader, error) { z.Reset(r); return z, nil }},
		{"klauspost", func(r io.Reader) (io.Reader, error) { return k, k.Reset(r) }},
		{"std", func(r io.Reader) (io.Reader, error) { return std, std.Reset(r) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r, err := c.reset(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = r.Read(buf)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
		})
	}
}
