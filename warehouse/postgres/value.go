package postgres

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// PostgreSQL's calendar, from its datatype/timestamp.h: dates from 4714-11-24 BC
// to 5874897-12-31, timestamps to 294276-12-31, here counted from 1970.
const (
	minDay    = -2451545 + epochDays
	endDay    = 2145031949 + epochDays
	minMicros = -211813488000000000 + epochMicros
	endMicros = 9223371331200000000 // counted from 2000
)

// exactInteger is the greatest integer below which floating numbers leave none out.
const exactInteger = 1 << 53

// prepare looks at values that the column may not hold, before any is written,
// and makes those that travel in another form.
func (f *field) prepare(n int) error {
	switch f.form {
	case formDate:
		return f.each(n, func(i int) error {
			if d := int64(f.days[i]); d < minDay || d >= endDay {
				return fmt.Errorf("the date %d days from 1970 is beyond what PostgreSQL holds (4714 BC to 5874897)", d)
			}
			return nil
		})
	case formStamp:
		return f.each(n, func(i int) error {
			if v := f.ints[i]; v < minMicros || v-epochMicros >= endMicros {
				return fmt.Errorf("the time %d µs from 1970 (%s) is beyond what PostgreSQL holds (4714 BC to 294276)", v, time.UnixMicro(v).UTC().Format("2006"))
			}
			return nil
		})
	case formFloat:
		return f.checkExact(n)
	case formText:
		return f.checkText(n)
	case formJSONB:
		return f.prepareJSON(n)
	case formNumeric:
		return f.makeNumeric(n)
	}
	return nil
}

// each calls check for each value that is not NULL, until one fails.
func (f *field) each(n int, check func(int) error) error {
	for i := range n {
		if f.null(i) {
			continue
		}
		if err := check(i); err != nil {
			return err
		}
	}
	return nil
}

func (f *field) checkExact(n int) error {
	if f.ints == nil {
		return nil
	}
	return f.each(n, func(i int) error {
		if v := f.ints[i]; v > exactInteger || v < -exactInteger {
			return fmt.Errorf("is float64, and the integer %d of the parts is beyond 2^53 and would lose digits", v)
		}
		return nil
	})
}

// checkText looks for what text cannot hold, in all values at once.
func (f *field) checkText(n int) error {
	all := f.bytes[f.ends[0]:f.ends[n]]
	if len(all) > maxField {
		for i := range n {
			if f.ends[i+1]-f.ends[i] > maxField {
				return errors.New("a text is longer than the 1 GB that PostgreSQL holds")
			}
		}
	}
	if bytes.IndexByte(all, 0) < 0 {
		return nil
	}
	return errors.New("a text holds U+0000, which PostgreSQL does not store; leave the column out (columns: drop)")
}

func (f *field) prepareJSON(n int) error {
	f.prefix = true
	return f.each(n, func(i int) error {
		if v := f.bytes[f.ends[i]:f.ends[i+1]]; !json.Valid(v) {
			return errors.New("is jsonb, and a text of the parts is no JSON")
		}
		return nil
	})
}

// makeNumeric writes the values, which are integers, floating numbers or texts, in
// numeric's form.
func (f *field) makeNumeric(n int) error {
	m := &f.made
	m.bytes, m.ends = m.bytes[:0], append(m.ends[:0], 0)
	var scratch []byte
	for i := range n {
		if !f.null(i) {
			switch {
			case f.ints != nil:
				scratch = strconv.AppendInt(scratch[:0], f.ints[i], 10)
			case f.floats != nil:
				scratch = strconv.AppendFloat(scratch[:0], f.floats[i], 'g', -1, 64)
			default:
				scratch = append(scratch[:0], f.bytes[f.ends[i]:f.ends[i+1]]...)
			}
			var err error
			if m.bytes, err = appendNumeric(m.bytes, string(scratch), f.precision, f.scale); err != nil {
				return fmt.Errorf("is %s, and %q of the parts %w", f.sql, short(scratch), err)
			}
		}
		m.ends = append(m.ends, int32(len(m.bytes)))
	}
	f.ends, f.bytes = m.ends, m.bytes
	return nil
}

// short is the beginning of a value, for a message.
func short(v []byte) []byte {
	const most = 40
	if len(v) > most {
		return append(v[:most:most], "..."...)
	}
	return v
}
