package inflate

import "math/bits"

// Tables of Huffman codes. The low bits of the input index the first level;
// codes longer than that go on in a subtable behind it. An entry is
//
//	literals   bytes in the order of the text at bits 8..31, how many at 6..7
//	others     0 at bits 6..7, and
//	  value    base at bits 16..30, bits of the code at 8..11: a length or distance
//	  subtable linked, its index at bits 16..30, its bits at 8..11
//	  end      ended
//
// where literals leave no room for these flags, so that they are looked at first,
// and always the bits to drop, those of a value's extra bits included, at 0..5.
// Zero is no code.
const (
	litBits  = 11
	distBits = 9

	maxCode = 15 // bits

	dropMask   = 63
	countShift = 6
	oneLiteral = 1 << countShift
	literals   = 3 << countShift

	linked  = 1 << 12
	ended   = 1 << 13
	isValue = 1 << 14
)

// litTable and distTable have room for every complete code of 288 and 32
// symbols, of which 2342 and 594 entries are the most; powers of two spare the
// checks of bounds.
type (
	litTable  [4096]uint32
	distTable [1024]uint32
)

const (
	endOfBlock = 256
	maxLit     = 286
	maxDist    = 30
)

// litEntries and distEntries are what symbols stand for, without their codes:
// the bits to drop are as yet those of the extra bits alone.
var litEntries, distEntries = entries()

func entries() (lit [288]uint32, dist [32]uint32) {
	for i := range endOfBlock {
		lit[i] = uint32(i)<<8 | oneLiteral
	}
	lit[endOfBlock] = ended
	base := uint32(3)
	for i := range uint32(28) {
		extra := uint32(0)
		if i >= 8 {
			extra = i/4 - 1
		}
		lit[257+i] = base<<16 | isValue | extra
		base += 1 << extra
	}
	lit[285] = 258<<16 | isValue
	base = 1
	for i := range uint32(maxDist) {
		extra := uint32(0)
		if i >= 4 {
			extra = i/2 - 1
		}
		dist[i] = base<<16 | isValue | extra
		base += 1 << extra
	}
	return lit, dist
}

// build fills table, whose first level has first bits, with the canonical code
// of those lengths. It reports false for a code that is over-subscribed or
// incomplete, unless it is one code of one bit or none at all.
func build(table []uint32, first int, lengths []uint8, symbols []uint32) bool {
	b := builder{table: table, first: first, free: 1 << first}
	for _, n := range lengths {
		b.count[n]++
	}
	b.count[0] = 0
	var next [maxCode + 1]int // where the next symbol of a length goes
	longest, code, at := 0, 0, 0
	for n := 1; n <= maxCode; n++ {
		next[n] = at
		at += b.count[n]
		if code = code<<1 + b.count[n]; b.count[n] > 0 {
			longest = n
		}
	}
	if longest > 0 && code != 1<<maxCode && !(longest == 1 && b.count[1] == 1) {
		return false
	}
	var sorted [288]uint16 // by length, then value
	for s, n := range lengths {
		if n > 0 {
			sorted[next[n]] = uint16(s)
			next[n]++
		}
	}
	b.fill(sorted[:at], longest, symbols)
	return true
}

// A builder places codes, shortest first.
type builder struct {
	table []uint32
	first int
	free  int // where the next subtable goes
	count [maxCode + 1]int
}

// fill places the codes of symbols. The first level is that of the codes so
// far, and doubles for each bit more.
func (b *builder) fill(sorted []uint16, longest int, symbols []uint32) {
	b.table[0] = 0
	code := uint32(0)
	for n := 1; n <= max(longest, b.first); n++ {
		code <<= 1
		if n <= b.first {
			half := 1 << (n - 1)
			copy(b.table[half:], b.table[:half])
		}
		for range b.count[n] {
			at, e := bits.Reverse32(code)>>(32-n), symbols[sorted[0]]
			if n <= b.first {
				b.table[at] = coded(e, n)
			} else {
				b.long(at, n, e)
			}
			sorted = sorted[1:]
			code++
		}
	}
}

// long places a code of n bits, in the order of the input, in a subtable.
func (b *builder) long(code uint32, n int, e uint32) {
	root := int(code) & (1<<b.first - 1)
	if b.table[root] == 0 {
		b.link(root, n)
	}
	link := b.table[root]
	start, size := int(link>>16), 1<<(link>>8&15)
	e = coded(e, n-b.first)
	for i := int(code >> b.first); i < size; i += 1 << (n - b.first) {
		b.table[start+i] = e
	}
	b.count[n]--
}

// link makes the subtable of an entry of the first level, just large enough for
// the codes that are still to come there, the first of which has n bits.
func (b *builder) link(root, n int) {
	width := n - b.first
	for left := 1<<width - b.count[n]; left > 0 && n < maxCode; {
		n++
		width++
		left = left<<1 - b.count[n]
	}
	b.table[root] = uint32(b.free)<<16 | linked | uint32(width)<<8 | uint32(b.first)
	clear(b.table[b.free : b.free+1<<width])
	b.free += 1 << width
}

// coded adds the bits of the code to an entry.
func coded(e uint32, n int) uint32 {
	if e&literals == 0 && e&isValue != 0 {
		e |= uint32(n) << 8
	}
	return e + uint32(n)
}

// pair makes one entry of two or three literals whose codes fit the first
// level together.
func (t *litTable) pair() {
	var single [1 << litBits]uint32
	copy(single[:], t[:])
	for i, e := range single {
		if e&literals == 0 {
			continue
		}
		drop := e & dropMask
		text, n := e>>8, uint32(1)
		for n < 3 {
			e := single[i>>drop]
			if e&literals == 0 || drop+e&dropMask > litBits {
				break
			}
			drop += e & dropMask
			text |= e >> 8 << (8 * n)
			n++
		}
		t[i] = text<<8 | n<<countShift | drop
	}
}
