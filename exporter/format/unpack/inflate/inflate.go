package inflate

import "encoding/binary"

// Sizes of the window. Text is decoded behind the last 32 KiB of it, until
// there is no room for one more step; then it is handed out, and what may still
// be referred to moves to the front.
const (
	history    = 32 << 10
	block      = 128 << 10
	stepOut    = 3*4 + 258 // the most that a step decodes
	overrun    = 32        // written beyond what was decoded
	windowSize = history + block + stepOut + overrun

	inputSize = 64 << 10
	stepIn    = 24 // the most that a step looks at
)

type window [windowSize]byte

// state is what comes next in the input.
type state uint8

const (
	atMember  state = iota // a member of gzip, or its end
	atBlock                // a block
	inStored               // bytes of a stored block
	inCodes                // codes of a compressed block
	atTrailer              // behind the last block
)

// What may be wrong with codes.
const (
	noLiteral  = "a code of no literal or length"
	noDistance = "a code of no distance"
	tooFar     = "a distance beyond the start"
	badCode    = "lengths that make no code"
)

// A decoder turns DEFLATE (RFC 1951) into text, as much as fits at a time.
type decoder struct {
	input
	out    *window
	op     int // text decoded is before this
	rp     int // text handed out is before this
	start  int // matches reach back to here
	last   bool
	stored int // bytes still to come of a stored block
	state  state

	lit     litTable
	dist    distTable
	fixed   bool // the tables are those of the fixed code
	lengths [maxLit + 32 + 2]uint8
}

// slide makes room behind the history once all text is handed out.
func (d *decoder) slide() {
	if d.op <= history {
		return
	}
	shift := d.op - history
	copy(d.out[:history], d.out[shift:d.op])
	d.op, d.rp, d.start = history, history, max(d.start-shift, 0)
}

// full reports that there is no room for one more step.
func (d *decoder) full() bool { return d.op > windowSize-stepOut-overrun }

// decode goes on until the window is full or the last block has ended.
func (d *decoder) decode() error {
	for !d.full() {
		var err error
		switch d.state {
		case atBlock:
			err = d.header()
		case inStored:
			err = d.copyStored()
		case inCodes:
			err = d.codes()
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// header reads the header of a block.
func (d *decoder) header() error {
	if d.last {
		d.state = atTrailer
		return nil
	}
	h, err := d.bits(3)
	if err != nil {
		return err
	}
	d.last = h&1 != 0
	switch h >> 1 {
	case 0:
		return d.storedHeader()
	case 1:
		d.useFixed()
	case 2:
		if err := d.readTables(); err != nil {
			return err
		}
	default:
		return d.corrupt("unknown type of block")
	}
	d.state = inCodes
	return nil
}

func (d *decoder) storedHeader() error {
	d.align()
	n, err := d.bits(32)
	if err != nil {
		return err
	}
	if n>>16^n&0xffff != 0xffff {
		return d.corrupt("length of a stored block does not match its complement")
	}
	d.stored, d.state = int(n&0xffff), inStored
	return nil
}

// copyStored copies bytes of a stored block.
func (d *decoder) copyStored() error {
	d.unread()
	for d.stored > 0 {
		if d.ip == d.end {
			if err := d.more(); err != nil {
				return err
			}
		}
		n := min(d.stored, d.end-d.ip, windowSize-overrun-d.op)
		if n == 0 {
			return nil // full
		}
		copy(d.out[d.op:], d.in[d.ip:d.ip+n])
		d.op, d.ip, d.stored = d.op+n, d.ip+n, d.stored-n
	}
	d.state = atBlock
	return nil
}

// codes decodes codes of a block: fast while there is input for a whole step,
// one by one at the input's end.
func (d *decoder) codes() error {
	for !d.full() && d.state == inCodes {
		if d.end-d.ip < stepIn && !d.eof {
			if err := d.fill(); err != nil {
				return err
			}
		}
		var err error
		if d.end-d.ip >= stepIn {
			err = d.steps()
		} else {
			err = d.step()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// steps decodes while a whole step has input and room. Everything that counts
// is in variables, so that it stays in registers; bits of hold beyond held are
// right or zero, never wrong, so that taking them in again does no harm.
func (d *decoder) steps() error {
	var (
		in, out      = d.in, d.out
		lit, dists   = &d.lit, &d.dist
		ip, op       = d.ip, d.op
		hold, held   = d.hold, d.held
		lastIn, most = d.end - stepIn, windowSize - stepOut - overrun
		start        = d.start
		fault        string
	)
loop:
	for ip <= lastIn && op <= most {
		hold |= binary.LittleEndian.Uint64(in[ip:]) << (held & 63)
		ip += int(63-held) >> 3
		held |= 56
		e := lit[hold&(1<<litBits-1)]
		if e&literals != 0 {
			binary.LittleEndian.PutUint32(out[op:], e>>8)
			op += int(e >> countShift & 3)
			hold >>= e & dropMask
			held -= uint(e & dropMask)
			e = lit[hold&(1<<litBits-1)]
			if e&literals != 0 {
				binary.LittleEndian.PutUint32(out[op:], e>>8)
				op += int(e >> countShift & 3)
				hold >>= e & dropMask
				held -= uint(e & dropMask)
				e = lit[hold&(1<<litBits-1)]
				if e&literals != 0 {
					binary.LittleEndian.PutUint32(out[op:], e>>8)
					op += int(e >> countShift & 3)
					hold >>= e & dropMask
					held -= uint(e & dropMask)
					continue
				}
			}
		}
		if e&isValue == 0 {
			if e&linked != 0 {
				hold >>= e & dropMask
				held -= uint(e & dropMask)
				e = lit[(uint64(e>>16)+hold&(1<<(e>>8&15)-1))&uint64(len(lit)-1)]
			}
			if e&literals != 0 {
				hold >>= e & dropMask
				held -= uint(e & dropMask)
				out[op] = byte(e >> 8)
				op++
				continue
			}
			if e&isValue == 0 {
				hold >>= e & dropMask
				held -= uint(e & dropMask)
				if e&ended != 0 {
					d.state = atBlock
				} else {
					fault = noLiteral
				}
				break loop
			}
		}
		length := int(e>>16) + int(hold&(1<<(e&dropMask)-1)>>(e>>8&15))
		hold >>= e & dropMask
		held -= uint(e & dropMask)

		hold |= binary.LittleEndian.Uint64(in[ip:]) << (held & 63)
		ip += int(63-held) >> 3
		held |= 56
		e = dists[hold&(1<<distBits-1)]
		if e&linked != 0 {
			hold >>= e & dropMask
			held -= uint(e & dropMask)
			e = dists[(uint64(e>>16)+hold&(1<<(e>>8&15)-1))&uint64(len(dists)-1)]
		}
		from := op - int(e>>16) - int(hold&(1<<(e&dropMask)-1)>>(e>>8&15))
		hold >>= e & dropMask
		held -= uint(e & dropMask)
		if e&isValue == 0 || from < start {
			fault = tooFar
			if e&isValue == 0 {
				fault = noDistance
			}
			break
		}
		if op-from >= 16 {
			*(*[16]byte)(out[op:]) = [16]byte(out[from:])
			for k := 16; k < length; k += 16 {
				*(*[16]byte)(out[op+k:]) = [16]byte(out[from+k:])
			}
		} else {
			near(out, op, from, length)
		}
		op += length
	}
	d.ip, d.op, d.hold, d.held = ip, op, hold, held
	if fault != "" {
		return d.corrupt(fault)
	}
	return nil
}

// near copies a match whose distance is less than 16.
func near(out *window, op, from, length int) {
	dist := op - from
	end := op + length
	if dist < 8 {
		// The text repeats every dist bytes: write it once by bytes, then refer
		// to where it was a multiple of dist, at least 8, before.
		for k := 0; k < 8; k++ {
			out[op+k] = out[from+k]
		}
		op += 8
		dist *= (7 + dist) / dist
	}
	for ; op < end; op += 8 {
		*(*[8]byte)(out[op:]) = [8]byte(out[op-dist:])
	}
}
