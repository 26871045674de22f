package clevertaptest

import (
	"math/bits"
	"strconv"
	"strings"

	"tapline/exporter"
)

// users is how many people use a Shop.
const users = 9000

var _ People = (*Shop)(nil)

// A census is what a Shop's users ever did, on each of their devices: worked out
// once, from all records.
type census struct {
	did     [users][len(makers)][]tally // by event
	objects map[string]User             // by objectId
}

// A tally is how often somebody did an event, and when first and last.
type tally struct {
	count       int
	first, last int64
}

func (t *tally) add(u tally) {
	if u.count == 0 {
		return
	}
	if t.count == 0 || u.first < t.first {
		t.first = u.first
	}
	t.count, t.last = t.count+u.count, max(t.last, u.last)
}

func (s *Shop) taken() *census {
	s.counting.Do(func() {
		c := &census{objects: map[string]User{}}
		for e, event := range shopEvents {
			for d := s.First; d.Before(s.Until()); d = d.Add(1) {
				for i := range s.Len(event.name, d) {
					r := s.record(e, d, i)
					did := &c.did[r.user][r.dev]
					if *did == nil {
						*did = make([]tally, len(shopEvents))
					}
					(*did)[e].add(tally{1, r.at, r.at})
				}
			}
		}
		for n := range uint64(users) {
			for dev := range uint64(len(makers)) {
				if c.did[n][dev] != nil {
					c.objects[objectID(n, dev)] = c.user(n, dev)
				}
			}
		}
		s.census = c
	})
	return s.census
}

// anonymous reports whether the user never signed in. Then nobody knows that
// two devices are of one person: each is a user.
func anonymous(n uint64) bool { return n%7 == 0 }

// user is the whole user that the device is of.
func (c *census) user(n, dev uint64) User {
	if anonymous(n) {
		return User{n, 1 << dev}
	}
	u := User{N: n}
	for d := range c.did[n] {
		if c.did[n][d] != nil {
			u.Devices |= 1 << d
		}
	}
	return u
}

// split reports whether the vendor shows the user in two records.
func (u User) split() bool { return !anonymous(u.N) && u.N%13 == 5 && bits.OnesCount8(u.Devices) > 1 }

// Who implements People.
func (s *Shop) Who(event string, day exporter.Day) (out []User) {
	e, c := s.event(event), s.taken()
	seen := map[User]bool{}
	for i := range s.Len(event, day) {
		r := s.record(e, day, i)
		u := c.user(r.user, r.dev)
		if seen[u] {
			continue
		}
		seen[u] = true
		if u.split() {
			half := u.Devices & (u.Devices - 1) // all but the lowest
			out = append(out, User{u.N, half}, User{u.N, u.Devices &^ half})
			continue
		}
		out = append(out, u)
	}
	return out
}

// Find implements People.
func (s *Shop) Find(by, id string) (User, bool) {
	c := s.taken()
	if by == "objectId" {
		u, ok := c.objects[id]
		return u, ok
	}
	if by == "email" {
		name, ok := strings.CutSuffix(id, "@example.com")
		if id, _ = strings.CutPrefix(name, "user"); !ok || id == name {
			return User{}, false
		}
	}
	n, err := strconv.ParseUint(id, 10, 64)
	if n -= 100000; err != nil || n >= users || anonymous(n) {
		return User{}, false
	}
	u := c.user(n, 0)
	return u, u.Devices != 0
}

// AppendUser implements People. The objectId is at the top of some records and
// in platformInfo alone of others; the vendor's keys come in more than one order.
func (s *Shop) AppendUser(b []byte, u User, v View) []byte {
	did := s.taken().did[u.N]
	b = append(b, '{')
	if u.N%5 == 0 && v.App {
		b = append(appendDevices(b, u, did), ',')
	}
	b = append(b, `"platform":"`...)
	b = append(b, makers[bits.TrailingZeros8(u.Devices)%len(makers)][0]...)
	b = append(b, '"')
	if u.N%3 != 0 {
		b = append(b, `,"objectId":"`...)
		b = append(b, objectID(u.N, uint64(bits.Len8(u.Devices)-1))...)
		b = append(b, '"')
	}
	if !anonymous(u.N) {
		b = appendIdentity(b, u.N)
	}
	if v.Profile {
		b = record{user: u.N}.profileData(b, v, s.First)
		b = append(b[:len(b)-1], `,"Prénom 👍":"Zoë","Prefs":{"a":{"b":[1,{"c":null}]}},"Score":`...)
		b = append(append(b, [...]string{"7", "7.5", `"n\/a"`, "true"}[u.N%4]...), '}')
	}
	if v.Events {
		b = appendSummary(b, u, did)
	}
	if u.N%5 != 0 && v.App {
		b = appendDevices(append(b, ','), u, did)
	}
	return append(b, '}')
}

// appendDevices appends the devices, the last first.
func appendDevices(b []byte, u User, did [len(makers)][]tally) []byte {
	b = append(b, `"platformInfo":[`...)
	for dev := len(makers) - 1; dev >= 0; dev-- {
		if u.Devices&(1<<dev) == 0 {
			continue
		}
		m := makers[dev]
		b = append(b, `{"platform":"`+m[0]+`","make":"`+m[1]+`","model":"`+m[2]+`","os_version":"`+m[3]+`","app_version":"6.`...)
		b = strconv.AppendUint(b, u.N%4, 10)
		b = append(b, `.0","objectId":"`...)
		b = append(b, objectID(u.N, uint64(dev))...)
		b = append(b, '"')
		if dev%3 == 0 {
			b = append(b, `,"push_token":"tok:`...)
			b = strconv.AppendUint(b, mix(u.N^77), 36)
			b = append(b, '"')
		}
		var all tally
		for _, t := range did[dev] {
			all.add(t)
		}
		b = append(b, `,"ls":`...)
		b = strconv.AppendInt(b, all.last, 10)
		b = append(b, "},"...)
	}
	b[len(b)-1] = ']'
	return b
}

// appendSummary appends what the user ever did: who signed in on all devices.
func appendSummary(b []byte, u User, did [len(makers)][]tally) []byte {
	b = append(b, `,"events":{`...)
	for e, event := range shopEvents {
		var all tally
		for dev := range did {
			if did[dev] != nil && (!anonymous(u.N) || u.Devices&(1<<dev) != 0) {
				all.add(did[dev][e])
			}
		}
		if all.count == 0 {
			continue
		}
		b = append(b, `"`+event.name+`":{"count":`...)
		b = strconv.AppendInt(b, int64(all.count), 10)
		b = append(b, `,"first_seen":`...)
		b = strconv.AppendInt(b, all.first, 10)
		b = append(b, `,"last_seen":`...)
		b = strconv.AppendInt(b, all.last, 10)
		b = append(b, "},"...)
	}
	b[len(b)-1] = '}'
	return b
}
