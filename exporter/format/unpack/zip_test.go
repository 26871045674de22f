package unpack

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

type member1 struct {
	name  string
	text  []byte
	store bool
}

func archived(members ...member1) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		if m.store {
			h.Method = zip.Store
		}
		w := must(z.CreateHeader(h))
		if !strings.HasSuffix(m.name, "/") {
			must(w.Write(m.text))
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestZip(t *testing.T) {
	text := rows(300000)
	data := archived(
		member1{name: "out/"}, member1{name: "out/b.csv", text: text}, member1{name: "__MACOSX/out/._b.csv", text: []byte("rubbish")},
		member1{name: "../a.csv", text: []byte("a,b\n1,2\n"), store: true}, member1{name: "c.csv.gz", text: gz(text), store: true},
		member1{name: "empty", store: true}, member1{name: "bad\xff", text: []byte("x")}, member1{name: "read.me", text: []byte("y")},
	)
	s := &store{data: data}
	ins, info, err := Open(context.Background(), s.source("x.zip"), Options{Members: func(name string) bool { return name != "read.me" }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Info{Packing: []string{"zip"}, Members: 5, Skipped: 2}, info); diff != "" || info.String() != "zip of 5 files" {
		t.Errorf("%s (-want +got):\n%s", info, diff)
	}
	var got, want []string
	for _, in := range ins {
		b, err := read(t, in, format.Place{})
		got = append(got, fmt.Sprint(in.Name, " ", in.Size, " ", len(b), " ", crc32.ChecksumIEEE(b), " ", err))
	}
	for _, w := range []member1{{name: "out/b.csv", text: text}, {name: "../a.csv", text: []byte("a,b\n1,2\n")}, {name: "c.csv.gz", text: text}, {name: "empty"}, {name: "bad�", text: []byte("x")}} {
		want = append(want, fmt.Sprint("x.zip/", w.name, " -1 ", len(w.text), " ", crc32.ChecksumIEEE(w.text), " <nil>"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if s.open != 0 {
		t.Errorf("%d readers were not closed", s.open)
	}
}

// TestZipDirectory reads the directory of a large archive, and little else.
func TestZipDirectory(t *testing.T) {
	var members []member1
	for i := range 3000 {
		members = append(members, member1{name: fmt.Sprintf("%d.csv", i), text: rows(2000), store: true})
	}
	s := &store{data: archived(members...)}
	ins, _, err := Open(context.Background(), s.source("x.zip"), Options{})
	if err != nil || len(ins) != 3000 {
		t.Fatalf("%d inputs, %v", len(ins), err)
	}
	if s.read > 400000 || s.opens > 5 {
		t.Errorf("read %d bytes of %d in %d requests", s.read, len(s.data), s.opens)
	}
}

func TestZipDocument(t *testing.T) {
	for _, name := range []string{"[Content_Types].xml", "mimetype"} {
		data := archived(member1{name: name, text: []byte("x")}, member1{name: "xl/workbook.xml", text: []byte("y")})
		ins, info, err := Open(context.Background(), (&store{data: data}).source("a.xlsx"), Options{})
		if err != nil || len(ins) != 1 || info.String() != "plain" || ins[0].Size != int64(len(data)) {
			t.Fatalf("%s: %d inputs, %s, %v", name, len(ins), info, err)
		}
		if got, err := read(t, ins[0], format.Place{}); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestZipDamage(t *testing.T) {
	good := archived(member1{name: "a.csv", text: rows(2000)})
	// changed writes v into the directory's entry, n bytes from its start.
	changed := func(n int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[bytes.LastIndex(b, []byte("PK\x01\x02"))+n:], v)
		return b
	}
	huge := make([]byte, 17<<20) // a directory said to fill it
	copy(huge, "PK\x03\x04")
	end := huge[len(huge)-22:]
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint32(end[12:], uint32(len(huge)-22-30))
	end[16] = 30
	for i := 30; i+46+65535 < len(huge)-22; i += 46 + 65535 {
		copy(huge[i:], "PK\x01\x02")
		binary.LittleEndian.PutUint16(huge[i+28:], 65535)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"ErrEncrypted", changed(8, 1), "x.zip/a.csv: content cannot be read: it is encrypted"},
		{"ErrMethod", changed(10, 12), "method 12"},
		{"ErrCRC", changed(16, 1, 2, 3, 4), "does not match its CRC"},
		{"ErrLonger", changed(24, 1, 0), "longer than"},
		{"ErrShorter", changed(24, 0xff, 0xff), "shorter than"},
		{"ErrBeyond", changed(20, 0xff, 0xff, 0xff), "it ends behind the archive"},
		{"ErrNoDirectory", good[:len(good)-22], "not a valid zip file"},
		{"ErrNotZip", []byte("PK\x03\x04 and no more"), "not a valid zip file"},
		{"ErrDirectory", huge, "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ins, _, err := Open(context.Background(), (&store{data: c.data}).source("x.zip"), Options{})
			if err == nil {
				_, err = read(t, ins[0], format.Place{})
			}
			if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func TestZipSourceError(t *testing.T) {
	s := &store{data: archived(member1{name: "a.csv", text: rows(2000)})}
	src := s.source("x.zip")
	open := src.Open
	var fail bool
	src.Open = func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		if fail {
			return nil, exporter.ErrReplaced
		}
		return open(ctx, offset)
	}
	ins, _, err := Open(context.Background(), src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fail = true
	if _, err := read(t, ins[0], format.Place{}); err != exporter.ErrReplaced {
		t.Errorf("%v; want %v", err, exporter.ErrReplaced)
	}
}
