package parquet

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// A vector is a column that goes from its pages into an Arrow array without a
// cell being looked at by itself: one flat leaf of a sort that has a column
// type. It does for them what a format.Builder does for the others.
type vector struct {
	leaf  *leaf
	sort  sort
	mem   memory.Allocator
	typ   arrow.DataType
	base  exporter.Kinds
	kinds exporter.Kinds
	first []exporter.First

	n     int // cells
	nulls int
	valid []byte // nil = no NULL so far
	data  []byte
	offs  []byte
	text  int // bytes used of data
	last  int // the same, in the batch before

	bad []misfit
}

// A misfit is a cell that cannot be held.
type misfit struct {
	row int
	cell
}

// vectorWidth is the bytes that a cell takes, and 0 for sorts that are none of
// a vector. Local times are one only if their zone is UTC.
func vectorWidth(s sort, local bool) int {
	switch s {
	case sortInt, sortUint32, sortDouble:
		return 8
	case sortMillis, sortMicros:
		if !local {
			return 8
		}
	case sortDate, sortText:
		return 4
	case sortBool:
		return 1 // an eighth
	}
	return 0
}

func newVector(n *node, mem memory.Allocator) *vector {
	v := &vector{leaf: n.leaf, sort: n.sort, mem: mem, base: kinds[n.sort]}
	v.typ = v.base.Type()
	return v
}

// start makes room for n cells of a new batch.
func (v *vector) start(n int) {
	v.n, v.nulls, v.text, v.kinds = 0, 0, 0, 0
	switch v.sort {
	case sortText:
		v.offs = v.mem.Allocate((n + 1) * 4)
		clear(v.offs[:4])
		v.data = v.mem.Allocate(max(v.last+v.last/16, 64))
	case sortDate:
		v.data = v.mem.Allocate(n * 4)
	case sortBool:
		v.data = v.mem.Allocate((n + 7) / 8)
		clear(v.data)
	default:
		v.data = v.mem.Allocate(n * 8)
	}
}

// bytesOf is how many bytes of text the next m cells have.
func (v *vector) bytesOf(m int) (total int64) {
	l := v.leaf
	vals := m
	if l.maxDef > 0 {
		vals = present(l.def[l.at:l.at+m], l.maxDef)
	}
	for _, b := range l.bins[l.val : l.val+vals] {
		total += int64(len(b))
	}
	return total
}

func present(def []uint32, maxDef uint32) (n int) {
	for _, d := range def {
		if d == maxDef {
			n++
		}
	}
	return n
}

// take appends the next m cells, which are in the window of the leaf.
func (v *vector) take(m int) {
	l := v.leaf
	vals := m
	if l.maxDef > 0 {
		vals = present(l.def[l.at:l.at+m], l.maxDef)
	}
	switch {
	case v.sort == sortText:
		v.texts(m)
	case v.usual(l.nums[l.val : l.val+vals]):
		v.bulk(m, l.nums[l.val:l.val+vals])
	default:
		v.cells(m)
	}
	l.at += m
	l.val += vals
}

// usual reports whether the numbers are 64 bits wide, need no change, and are of
// kinds that the batch has met, as most are.
func (v *vector) usual(nums []uint64) bool {
	switch v.sort {
	case sortInt:
		var k exporter.Kinds
		for _, x := range nums {
			k |= intKind(int64(x))
		}
		return k&^v.kinds == 0
	case sortDouble:
		for _, x := range nums {
			if x>>52&0x7ff == 0x7ff {
				return false
			}
		}
		return v.kinds != 0
	case sortMicros:
		for _, x := range nums {
			if int64(x) < minMicro || int64(x) > maxMicro {
				return false
			}
		}
		return v.kinds != 0
	}
	return false
}

// bulk appends m cells, whose values are usual.
func (v *vector) bulk(m int, nums []uint64) {
	to := arrow.Uint64Traits.CastFromBytes(v.data)[v.n : v.n+m]
	if len(nums) == m {
		copy(to, nums)
		if v.valid != nil {
			bitutil.SetBitsTo(v.valid, int64(v.n), int64(m), true)
		}
		v.n += m
		return
	}
	if v.valid == nil {
		v.allValid()
	}
	l := v.leaf
	val := 0
	for i, d := range l.def[l.at : l.at+m] {
		if d != l.maxDef {
			to[i] = 0
			continue
		}
		to[i] = nums[val]
		val++
		at := v.n + i
		v.valid[at>>3] |= 1 << (at & 7)
	}
	v.nulls += m - len(nums)
	v.n += m
}

func intKind(x int64) exporter.Kinds {
	if x > exporter.Exact || x < -exporter.Exact {
		return exporter.Long
	}
	return exporter.Int
}

// cells appends m cells one by one.
func (v *vector) cells(m int) {
	l := v.leaf
	val := l.val
	for i := range m {
		if l.maxDef > 0 && l.def[l.at+i] < l.maxDef {
			v.null()
			continue
		}
		v.number(l.nums[val])
		val++
	}
}

func (v *vector) number(x uint64) {
	var c cell
	switch v.sort {
	case sortInt:
		c = cell{kind: intKind(int64(x)), i: int64(x)}
	case sortUint32:
		c = intCell(int64(uint32(x)))
	case sortBool:
		c = cell{kind: exporter.Bool, i: int64(x)}
	case sortDouble:
		c = double(math.Float64frombits(x))
		c.i = int64(x)
	case sortDate:
		c = day(int64(x))
	case sortMicros:
		c = micros(int64(x), 1)
	case sortMillis:
		c = micros(int64(x), 1000)
	}
	if c.reason != "" {
		v.misfit(c)
		return
	}
	switch {
	case v.sort == sortBool:
		if c.i != 0 {
			v.data[v.n>>3] |= 1 << (v.n & 7)
		}
	case v.sort == sortDate:
		binary.NativeEndian.PutUint32(v.data[v.n*4:], uint32(int32(c.i)))
	default:
		binary.NativeEndian.PutUint64(v.data[v.n*8:], uint64(c.i))
	}
	v.set(c)
}

// micros is an instant in units of that many microseconds.
func micros(x, unit int64) cell {
	if x < minMicro/unit || x > maxMicro/unit {
		return fault(ReasonRange, strconv.AppendInt(nil, x, 10))
	}
	return cell{kind: exporter.Time, i: x * unit}
}

func (v *vector) texts(m int) {
	l := v.leaf
	val := l.val
	for i := range m {
		if l.maxDef > 0 && l.def[l.at+i] < l.maxDef {
			v.null()
			continue
		}
		c := text(l.bins[val])
		val++
		if c.reason != "" {
			v.misfit(c)
			continue
		}
		if need := v.text + len(c.text); need > len(v.data) {
			v.data = v.mem.Reallocate(max(need, 2*len(v.data)), v.data)
		}
		v.text += copy(v.data[v.text:], c.text)
		v.set(c)
		binary.NativeEndian.PutUint32(v.offs[v.n*4:], uint32(v.text))
	}
}

// set ends the appending of a cell that is not NULL.
func (v *vector) set(c cell) {
	if v.kinds&c.kind == 0 {
		v.kinds |= c.kind
		v.first = append(v.first, exporter.First{Kind: c.kind, Row: int64(v.n), Text: firstText(c)})
	}
	if v.valid != nil {
		bitutil.SetBit(v.valid, v.n)
	}
	v.n++
}

// null appends a NULL.
func (v *vector) null() {
	if v.valid == nil {
		v.allValid()
	}
	v.nulls++
	switch v.sort {
	case sortText:
		binary.NativeEndian.PutUint32(v.offs[v.n*4+4:], uint32(v.text))
	case sortDate:
		clear(v.data[v.n*4 : v.n*4+4])
	case sortBool:
	default:
		clear(v.data[v.n*8 : v.n*8+8])
	}
	v.n++
}

// allValid begins to note which cells are NULL.
func (v *vector) allValid() {
	room := len(v.data)
	switch v.sort {
	case sortText:
		room = len(v.offs)/4 - 1
	case sortDate:
		room /= 4
	case sortBool:
		room *= 8
	default:
		room /= 8
	}
	v.valid = v.mem.Allocate((room + 7) / 8)
	clear(v.valid)
	bitutil.SetBitsTo(v.valid, 0, int64(v.n), true)
}

func (v *vector) misfit(c cell) {
	v.bad = append(v.bad, misfit{v.n, c})
	v.null()
}

// used is the bytes of text in the batch.
func (v *vector) used() int64 { return int64(v.text) }

// array moves the cells into an array, which the caller releases.
func (v *vector) array() arrow.Array {
	bufs := make([]*memory.Buffer, 2, 3)
	if v.nulls > 0 {
		bufs[0] = v.buffer(v.valid, (v.n+7)/8)
	}
	switch v.sort {
	case sortText:
		bufs[1] = v.buffer(v.offs, (v.n+1)*4)
		bufs = append(bufs, v.buffer(v.data, v.text))
	case sortDate:
		bufs[1] = v.buffer(v.data, v.n*4)
	case sortBool:
		bufs[1] = v.buffer(v.data, (v.n+7)/8)
	default:
		bufs[1] = v.buffer(v.data, v.n*8)
	}
	v.valid, v.data, v.offs, v.last = nil, nil, nil, v.text
	d := array.NewData(v.typ, v.n, bufs, nil, v.nulls, 0)
	defer d.Release()
	for _, b := range bufs {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(d)
}

func (v *vector) buffer(b []byte, used int) *memory.Buffer {
	out := memory.NewResizableBuffer(v.mem)
	out.Reset(b)
	out.ResizeNoShrink(used)
	return out
}

// drop gives back what array did not take.
func (v *vector) drop() {
	for _, b := range []*[]byte{&v.valid, &v.data, &v.offs} {
		if *b != nil {
			v.mem.Free(*b)
			*b = nil
		}
	}
}

const maxFirst = 64

// firstText is what a cell said, cut at 64 bytes.
func firstText(c cell) string {
	var b []byte
	switch c.kind {
	case exporter.Bool:
		b = strconv.AppendBool(nil, c.i != 0)
	case exporter.Int, exporter.Long:
		b = strconv.AppendInt(nil, c.i, 10)
	case exporter.Float:
		b = exporter.AppendFloat(nil, c.f)
	case exporter.Date:
		b = appendDay(nil, c.i)
	case exporter.Time:
		b = exporter.AppendTime(nil, c.i)
	default:
		b = c.text
	}
	return cutText(b, maxFirst)
}
