package inflate

// step decodes one code, using no bit that the input does not have.
func (d *decoder) step() error {
	e, length, err := d.code(d.lit[:], litBits)
	switch {
	case err != nil:
		return err
	case e&literals != 0:
		for n := e >> countShift & 3; n > 0; n-- {
			e >>= 8
			d.out[d.op] = byte(e)
			d.op++
		}
		return nil
	case e&ended != 0:
		d.state = atBlock
		return nil
	case e&isValue == 0:
		return d.corrupt(noLiteral)
	}
	e, dist, err := d.code(d.dist[:], distBits)
	switch {
	case err != nil:
		return err
	case e&isValue == 0:
		return d.corrupt(noDistance)
	case dist > d.op-d.start:
		return d.corrupt(tooFar)
	}
	for range length {
		d.out[d.op] = d.out[d.op-dist]
		d.op++
	}
	return nil
}

// code reads one code: its entry and, if that is a value, the value.
func (d *decoder) code(table []uint32, first uint) (e uint32, value int, err error) {
	// 48 bits are the most that a length and its distance take.
	for d.held < 48 {
		if d.ip == d.end && !d.eof {
			if err := d.fill(); err != nil {
				return 0, 0, err
			}
		}
		if d.ip == d.end {
			break
		}
		d.take()
	}
	e = table[d.hold&(1<<first-1)]
	if e&literals == 0 && e&linked != 0 {
		if d.held < first {
			return 0, 0, d.short()
		}
		d.hold >>= first
		d.held -= first
		e = table[uint64(e>>16)+d.hold&(1<<(e>>8&15)-1)]
	}
	if drop := uint(e & dropMask); drop > d.held && e&literals > oneLiteral {
		// Several literals are not all there; the first may be.
		lit := e >> 8 & 0xff
		e = lit<<8 | oneLiteral | uint32(d.lengths[lit])
	}
	drop := uint(e & dropMask)
	if drop > d.held {
		return 0, 0, d.short()
	}
	if e&literals == 0 && e&isValue != 0 {
		value = int(e>>16) + int(d.hold&(1<<drop-1)>>(e>>8&15))
	}
	d.hold >>= drop
	d.held -= drop
	return e, value, nil
}
