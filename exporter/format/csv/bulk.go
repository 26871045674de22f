package csv

import (
	"encoding/binary"
	"math/bits"

	"tapline/exporter"
)

// bulk puts the cells of c from i on, as long as they are of kinds that c has
// met, and returns the first one that it leaves.
func (f *filler) bulk(c *column, i int) int {
	switch kept := c.Kept(); {
	case kept == exporter.Text:
		return f.texts(c, i)
	case kept == exporter.Time && c.rule == compact:
		return f.compacts(c, i)
	case kept == exporter.Int:
		return f.integers(c, i)
	case kept == exporter.Float:
		return f.numbers(c, i)
	}
	return i
}

// texts puts cells into a column that keeps text.
func (f *filler) texts(c *column, i int) int {
	end := len(f.spans)
	if c.rule == detected && f.met&^plainText != 0 {
		end = f.foreign(c.Met(), i)
	}
	if end > i {
		c.PutTexts(i, f.r.buf, f.spans[i:end], f.valid, f.total)
	}
	return end
}

// foreign returns the first cell from i on that is not simply its own text in a
// column that has met these kinds: of another kind, or canonical otherwise.
func (f *filler) foreign(met exporter.Kinds, i int) int {
	buf, word := f.r.buf, plainText
	if met&exporter.Text == 0 {
		word = 0
	}
	for ; i < len(f.spans); i++ {
		s := f.spans[i]
		switch class := f.classes[buf[s.From]]; {
		case class == word || s.From == s.To:
		case class == maybeNumber && word != 0 && s.To-s.From >= 8 && wordy(binary.LittleEndian.Uint64(buf[s.From:])):
		default:
			v := buf[s.From:s.To]
			k := f.t.kinds(v)
			if k&^met != 0 || k == exporter.Time || k == exporter.Bool && (v[0] < 'a' || v[1] < 'a') {
				return i
			}
		}
	}
	return i
}

// wordy reports whether one of the bytes of w is in no number, date or time.
func wordy(w uint64) bool {
	// Those from '[' on, 'e' apart.
	const from, e = everyByte * (0x80 - '['), everyByte * 'e'
	low := w &^ highBits
	return (((low+from)&^(highBits-(low^e)))|w)&highBits != 0
}

// integers puts cells into a column that keeps int64.
func (f *filler) integers(c *column, i int) int {
	long := c.Met()&exporter.Long != 0
	small := c.Met()&exporter.Int != 0
	clear(f.ints[i:])
	end := len(f.spans)
	buf := f.r.buf
scan:
	for w := i >> 6; w < len(f.valid); w++ {
		m := f.valid[w]
		if w == i>>6 {
			m = m >> (i & 63) << (i & 63)
		}
		for ; m != 0; m &= m - 1 {
			k := w<<6 + bits.TrailingZeros64(m)
			s := f.spans[k]
			n := s.To - s.From
			if n <= 15 && small && buf[s.From]-'1' < 9 {
				if v, ok := upTo16(buf[s.From:s.From+16], n); ok {
					f.ints[k] = int64(v)
					continue
				}
			}
			kind := f.t.number(buf[s.From:s.To])
			if kind == exporter.Int && small || kind == exporter.Long && long {
				f.ints[k] = f.t.i
				continue
			}
			end = k
			break scan
		}
	}
	if end > i {
		c.PutInts(i, f.ints[i:end], f.valid)
	}
	return end
}

// upTo16 reads n digits, 0 < n <= 16, that v begins with.
func upTo16(v []byte, n uint32) (uint64, bool) {
	if n <= 8 {
		return eight(binary.LittleEndian.Uint64(v), n)
	}
	a, ok1 := eight(binary.LittleEndian.Uint64(v), n-8)
	b, ok2 := eight(binary.LittleEndian.Uint64(v[n-8:]), 8)
	return a*1e8 + b, ok1 && ok2
}

// eight reads n digits, 0 < n <= 8, that a word begins with.
func eight(w uint64, n uint32) (v uint64, ok bool) {
	const (
		zeros = everyByte * '0'
		nines = everyByte * (0x7f - 9)
	)
	w = (w ^ zeros) << (64 - 8*n) // as if zeros stood before
	if (w|(w+nines))&highBits != 0 {
		return 0, false
	}
	w = w*10 + w>>8 // of two digits each
	const mask = 0x000000ff000000ff
	return ((w&mask)*(100+1000000<<32) + (w>>16&mask)*(1+10000<<32)) >> 32, true
}

// numbers puts cells into a column that keeps float64.
func (f *filler) numbers(c *column, i int) int {
	met := c.Met()
	clear(f.floats[i:])
	end := len(f.spans)
scan:
	for w := i >> 6; w < len(f.valid); w++ {
		m := f.valid[w]
		if w == i>>6 {
			m = m >> (i & 63) << (i & 63)
		}
		for ; m != 0; m &= m - 1 {
			k := w<<6 + bits.TrailingZeros64(m)
			s := f.spans[k]
			switch kind := f.t.number(f.r.buf[s.From:s.To]); {
			case kind&^met != 0:
				end = k
				break scan
			case kind == exporter.Int:
				f.floats[k] = float64(f.t.i)
			default:
				f.floats[k] = f.t.f
			}
		}
	}
	if end > i {
		c.PutFloats(i, f.floats[i:end], f.valid)
	}
	return end
}

// compacts puts cells into a column of Compact times.
func (f *filler) compacts(c *column, i int) int {
	clear(f.ints[i:])
	end := len(f.spans)
scan:
	for w := i >> 6; w < len(f.valid); w++ {
		m := f.valid[w]
		if w == i>>6 {
			m = m >> (i & 63) << (i & 63)
		}
		for ; m != 0; m &= m - 1 {
			k := w<<6 + bits.TrailingZeros64(m)
			s := f.spans[k]
			micros, ok := f.compact(f.r.buf[s.From:s.From+16], int(s.To-s.From))
			if !ok {
				end = k
				break scan
			}
			f.ints[k] = micros
		}
	}
	if end > i {
		c.PutInts(i, f.ints[i:end], f.valid)
	}
	return end
}

// compact reads a Compact time, which n of the 16 bytes of v are. Most are of
// the same day as the one before.
func (f *filler) compact(v []byte, n int) (micros int64, ok bool) {
	if n != 14 {
		return 0, false
	}
	if day := binary.LittleEndian.Uint64(v); day != f.day {
		y, ok := eight(day, 8)
		if !ok || !isDay(int64(y/10000), int64(y/100%100), int64(y%100)) {
			return 0, false
		}
		f.day, f.days = day, daysFrom(int64(y/10000), int64(y/100%100), int64(y%100))
	}
	t, ok := eight(binary.LittleEndian.Uint64(v[8:]), 6)
	h, m, s := int64(t/10000), int64(t/100%100), int64(t%100)
	if !ok || h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	return f.t.clock.Instant(f.days, h*3600+m*60+s) * 1e6, true
}
