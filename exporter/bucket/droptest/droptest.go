// Package droptest makes files such as exports drop into buckets, for
// benchmarks: events with a third of their property cells empty, quotes and
// line breaks in texts, and names in several scripts. The same seed gives the
// same bytes on every machine.
package droptest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// Header is the columns of the events, as the first line of a CSV file has them.
const Header = "ts,eventName,profile.identity,profile.objectId,profile.platform,profile.name,deviceInfo.model,deviceInfo.appVersion," +
	"eventProps.Category,eventProps.Amount,eventProps.Quantity,eventProps.Coupon,eventProps.First order,eventProps.Note"

var (
	platforms  = []string{"Android", "iOS", "Web"}
	names      = []string{"Asha Rao", "Мария Иванова", "王小明", "José Álvarez", "Fatima Al-Sayed", "佐藤 花子", "O'Neil, Pat", "Anna Müller"}
	models     = []string{"SM-G991B", "iPhone14,2", "Redmi Note 9", "Pixel 7", "SM-A525F", "iPhone13,4"}
	versions   = []string{"6.1.0", "6.1.2", "6.2.0", "6.3.1"}
	categories = []string{"Shoes", "Bags", "Books", "Toys", "Phones", "Home & Garden"}
	notes      = []string{"leave at the door", "call \"Asha\" first", "second floor,\nblue gate", "配達は午後に", "без звонка", "ring twice, then wait"}
)

// An event is one record. Fields that are "" are absent.
type event struct {
	ts                                      [14]byte
	identity, objectID                      string
	platform, name, model, version          string
	category, amount, quantity, coupon, new string
	note                                    string
}

// A maker makes events one after the other.
type maker struct {
	rng *rand.Rand
	at  time.Time
	e   event
	id  [32]byte
}

func newMaker(seed uint64) *maker {
	return &maker{rng: rand.New(rand.NewPCG(seed, 17)), at: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
}

func (m *maker) pick(of []string) string { return of[m.rng.IntN(len(of))] }

func (m *maker) half(s string) string {
	if m.rng.IntN(2) == 0 {
		return ""
	}
	return s
}

func (m *maker) next() *event {
	if m.rng.IntN(20) == 0 {
		m.at = m.at.Add(time.Second)
	}
	e := &m.e
	m.at.AppendFormat(e.ts[:0], "20060102150405")
	const hex = "0123456789abcdef"
	hi, lo := m.rng.Uint64(), m.rng.Uint64()
	for i := range 16 {
		m.id[i], m.id[16+i] = hex[hi>>(4*i)&15], hex[lo>>(4*i)&15]
	}
	e.identity, e.objectID = "user-"+strconv.Itoa(m.rng.IntN(200_000)), string(m.id[:])
	e.platform, e.name, e.model, e.version = m.pick(platforms), m.pick(names), m.pick(models), m.pick(versions)
	e.category = m.pick(categories)
	e.amount = m.half(strconv.FormatFloat(float64(m.rng.IntN(500_000))/100, 'f', 2, 64))
	e.quantity = m.half(strconv.Itoa(1 + m.rng.IntN(9)))
	e.coupon = m.half("SAVE" + strconv.Itoa(m.rng.IntN(40)))
	e.new = m.half(strconv.FormatBool(m.rng.IntN(5) == 0))
	e.note = ""
	if m.rng.IntN(4) == 0 {
		e.note = m.pick(notes)
	}
	return e
}

// CSV writes at least size bytes of events as CSV, with a header, and returns
// how many there are.
func CSV(w io.Writer, seed uint64, size int64) (rows int64, err error) {
	out, m := &counter{Writer: bufio.NewWriterSize(w, 1<<16)}, newMaker(seed)
	line := append([]byte(Header), '\n')
	for out.n < size || rows == 0 {
		if _, err := out.Write(line); err != nil {
			return rows, err
		}
		line = m.next().appendCSV(line[:0])
		rows++
	}
	if _, err := out.Write(line); err != nil {
		return rows, err
	}
	return rows, out.Flush()
}

func (e *event) appendCSV(b []byte) []byte {
	b = append(append(b, e.ts[:]...), ",Order Placed"...)
	for _, s := range []string{
		e.identity, e.objectID, e.platform, e.name, e.model, e.version, e.category, e.amount, e.quantity, e.coupon, e.new, e.note,
	} {
		b = appendField(append(b, ','), s)
	}
	return append(b, '\n')
}

// appendField quotes a field where it has to be.
func appendField(b []byte, s string) []byte {
	quoted := false
	for i := range len(s) {
		quoted = quoted || s[i] == ',' || s[i] == '"' || s[i] == '\n'
	}
	if !quoted {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// NDJSON writes the events that CSV writes, as many as rows says, one object a
// line, as the same vendor exports them.
func NDJSON(w io.Writer, seed uint64, rows int64) (size int64, err error) {
	out, m := &counter{Writer: bufio.NewWriterSize(w, 1<<16)}, newMaker(seed)
	var line []byte
	for range rows {
		line = m.next().appendJSON(line[:0])
		if _, err := out.Write(line); err != nil {
			return out.n, err
		}
	}
	return out.n, out.Flush()
}

func (e *event) appendJSON(b []byte) []byte {
	b = fmt.Appendf(b, `{"profile":{"identity":%q,"objectId":%q,"platform":%q,"name":%q},"ts":%s,"eventName":"Order Placed",`+
		`"deviceInfo":{"model":%q,"appVersion":%q},"eventProps":{"Category":%q`,
		e.identity, e.objectID, e.platform, e.name, e.ts[:], e.model, e.version, e.category)
	for _, p := range []struct{ key, value string }{{"Amount", e.amount}, {"Quantity", e.quantity}, {"First order", e.new}} {
		if p.value != "" {
			b = fmt.Appendf(b, `,%q:%s`, p.key, p.value)
		}
	}
	for _, p := range []struct{ key, value string }{{"Coupon", e.coupon}, {"Note", e.note}} {
		if p.value != "" {
			b = fmt.Appendf(b, `,%q:%q`, p.key, p.value)
		}
	}
	return append(b, "}}\n"...)
}

// A counter counts what is written.
type counter struct {
	*bufio.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}
