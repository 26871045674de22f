package inflate

// codeOrder is the order in which the lengths of the code of lengths come.
var codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readTables reads the codes of a block that brings its own.
func (d *decoder) readTables() error {
	d.fixed = false
	h, err := d.bits(14)
	if err != nil {
		return err
	}
	lits, dists, n := int(h&31)+257, int(h>>5&31)+1, int(h>>10)+4
	if lits > maxLit || dists > maxDist {
		return d.corrupt("more symbols than there are")
	}
	var lengths [19]uint8
	for _, s := range codeOrder[:n] {
		v, err := d.bits(3)
		if err != nil {
			return err
		}
		lengths[s] = uint8(v)
	}
	if err := d.readLengths(lengths[:], lits+dists); err != nil {
		return err
	}
	all := d.lengths[:lits+dists]
	if all[endOfBlock] == 0 || !build(d.lit[:], litBits, all[:lits], litEntries[:]) || !build(d.dist[:], distBits, all[lits:], distEntries[:]) {
		return d.corrupt(badCode)
	}
	d.lit.pair()
	return nil
}

// readLengths reads n lengths of codes, themselves coded by the code of those lengths.
func (d *decoder) readLengths(code []uint8, n int) error {
	const first = 7
	var table [1 << first]uint32
	var symbols [19]uint32
	for i := range symbols {
		symbols[i] = uint32(i)<<8 | oneLiteral
	}
	if !build(table[:], first, code, symbols[:]) {
		return d.corrupt(badCode)
	}
	for i := 0; i < n; {
		e, _, err := d.code(table[:], first)
		if err != nil {
			return err
		}
		s, times, v := uint8(e>>8), 1, uint64(0)
		switch {
		case e == 0:
			return d.corrupt(badCode)
		case s == 16 && i == 0:
			return d.corrupt("repetition of no length")
		case s == 16:
			s = d.lengths[i-1]
			v, err = d.bits(2)
			times = 3
		case s == 17:
			s = 0
			v, err = d.bits(3)
			times = 3
		case s == 18:
			s = 0
			v, err = d.bits(7)
			times = 11
		}
		if err != nil {
			return err
		}
		if times += int(v); times > n-i {
			return d.corrupt("more lengths than symbols")
		}
		for range times {
			d.lengths[i] = s
			i++
		}
	}
	return nil
}

// useFixed takes the codes that the format fixes.
func (d *decoder) useFixed() {
	if d.fixed {
		return
	}
	var lit [288]uint8
	for i := range lit {
		switch {
		case i < 144:
			lit[i] = 8
		case i < 256:
			lit[i] = 9
		case i < 280:
			lit[i] = 7
		default:
			lit[i] = 8
		}
	}
	var dist [32]uint8
	for i := range dist {
		dist[i] = 5
	}
	build(d.lit[:], litBits, lit[:], litEntries[:])
	build(d.dist[:], distBits, dist[:], distEntries[:])
	d.fixed = true
}
