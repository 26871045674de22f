package format

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
)

// Columns filled in blocks are those that are filled row by row.
func TestBlocks(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		mem := newLeakCheck(t)
		rows, blocks := NewBuilder(mem), NewBuilder(mem)
		for range 1 + r.IntN(6) {
			column := blockOf(r, r.IntN(150))
			for i, c := range column {
				rows.BeginRow()
				c.put(t, rows.Column("c"))
				if i%7 == 3 {
					rows.RejectCell(rows.Column("d"), exporter.Reject{Reason: "cell"})
				}
				rows.EndRow()
			}
			fillBlock(t, r, blocks, column)
			if r.IntN(3) == 0 {
				rows.BeginRow()
				rows.RejectRow(exporter.Reject{Reason: "row"})
				blocks.BeginRow()
				blocks.RejectRow(exporter.Reject{Reason: "row"})
			}
		}
		want, got := rows.Flush(), blocks.Flush()
		if diff := cmp.Diff(look(t, want), look(t, got)); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		if diff := cmp.Diff(want.First, got.First); diff != "" {
			t.Fatalf("seed %d, first cells (-want +got):\n%s", seed, diff)
		}
		if diff := cmp.Diff(want.Rejects, got.Rejects); diff != "" || want.Rows != got.Rows {
			t.Fatalf("seed %d, %d rows of %d, rejects (-want +got):\n%s", seed, got.Rows, want.Rows, diff)
		}
		for _, b := range []exporter.Batch{want, got} {
			if b.Record != nil {
				b.Record.Release()
			}
		}
		rows.Release()
		blocks.Release()
		mem.check()
	}
}

// blockOf makes cells mostly of one kind.
func blockOf(r *rand.Rand, n int) []cell {
	kinds := []exporter.Kinds{exporter.Int, exporter.Float, exporter.Text}
	kind, nulls := kinds[r.IntN(3)], r.IntN(3)
	out := make([]cell, n)
	for i := range out {
		switch k := kind; {
		case r.IntN(4) < nulls:
		case r.IntN(60) == 0:
			out[i] = cells[1+r.IntN(len(cells)-1)]
		case k == exporter.Int:
			out[i] = cell{k, strconv.Itoa(r.IntN(1000))}
		case k == exporter.Float:
			out[i] = cell{k, strconv.Itoa(r.IntN(1000)) + ".25"}
		default:
			out[i] = cell{k, strings.Repeat("ab", r.IntN(30)) + "."}
		}
	}
	return out
}

// fillBlock puts what it can in bulk, in pieces.
func fillBlock(t *testing.T, r *rand.Rand, b *Builder, column []cell) {
	c, d := b.Column("c"), b.Column("d")
	if !b.BeginBlock(len(column)) {
		t.Fatal(b.Err())
	}
	var buf []byte
	valid := make(Bits, (len(column)+63)/64)
	spans := make([]Span, len(column))
	for i, x := range column {
		from := len(buf)
		if x.kind != 0 {
			valid[i>>6] |= 1 << (i & 63)
			buf = append(buf, x.text...)
		}
		spans[i] = Span{uint32(from), uint32(len(buf))}
	}
	size := len(buf)
	buf = append(buf, make([]byte, 16)...)
	for i := 0; i < len(column); {
		n := i
		for n < len(column) && n < i+70 && (column[n].kind == 0 || column[n].kind == c.Kept() && (column[n].kind|column[n].written())&^c.Met() == 0) {
			n++
		}
		if c.Kept() == 0 {
			n = i
		}
		ints, floats := make([]int64, n-i), make([]float64, n-i)
		for k := i; k < n; k++ {
			if valid.Has(k) {
				ints[k-i], _ = strconv.ParseInt(column[k].text, 10, 64)
				floats[k-i], _ = strconv.ParseFloat(column[k].text, 64)
			}
		}
		switch c.Kept() {
		case exporter.Int:
			c.PutInts(i, ints, valid)
		case exporter.Float:
			c.PutFloats(i, floats, valid)
		case exporter.Text:
			c.PutTexts(i, buf, spans[i:n], valid, size)
		default:
			n = i
		}
		if n < len(column) {
			if b.Seek(n); r.IntN(3) > 0 || column[n].kind != 0 {
				column[n].put(t, c)
			}
			n++
		}
		i = n
	}
	for i := range column {
		if i%7 == 3 {
			b.Seek(i)
			b.RejectCell(d, exporter.Reject{Reason: "cell"})
		}
	}
	b.EndBlock()
}

// A block is undone as rows are, and refused where a batch has no room for it.
func TestBlockUndone(t *testing.T) {
	b := NewBuilder(NewPool(0))
	b.maxRows = 10
	c := b.Column("c")
	mark := b.Mark()
	if !b.BeginBlock(10) {
		t.Fatal(b.Err())
	}
	b.Seek(3)
	c.Int(1)
	c.PutInts(4, []int64{5, 6}, Bits{1<<4 | 1<<5})
	b.Rollback(mark)
	if b.Rows() != 0 || b.Read() != 0 || c.Met() != 0 {
		t.Errorf("%d rows, %d read, kinds %v are left", b.Rows(), b.Read(), c.Met())
	}
	if b.BeginBlock(11) || b.Err() != ErrFull {
		t.Errorf("a block too large: %v", b.Err())
	}
}
