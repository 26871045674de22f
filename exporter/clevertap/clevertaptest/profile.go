package clevertaptest

import (
	"encoding/json"
	"net/http"
	"slices"

	"tapline/exporter"
)

// OpProfile asks for one user.
const OpProfile Op = "profile"

// profilesPath is where the walks over users are.
const profilesPath = "/1/profiles.json"

// People are the users behind a Feed. Optional: the users of other Feeds, and of
// added events, are made of the profiles in the events. Like a Feed they are
// pure functions.
type People interface {
	// Who lists the users who did the event on the day, as records show them:
	// one who has several devices may be there twice, with some of them each.
	Who(event string, day exporter.Day) []User
	// AppendUser appends the record of a user as a JSON object.
	AppendUser(b []byte, u User, v View) []byte
	// Find finds who has that identity, email or objectId.
	Find(by, id string) (User, bool)
}

// A User is a record of one: a number, and which devices, a bit each.
type User struct {
	N       uint64
	Devices uint8
}

// A profile is a record of a walk over users: of the People, or as it is.
type profile struct {
	user User
	raw  []byte
}

// AddProfiles adds records, JSON objects, to what a walk over the users of the
// event's day gives, behind those made of events, and for /1/profile.json.
func (s *Server) AddProfiles(event string, day exporter.Day, records ...string) {
	s.AddEvents(event, day)
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{event, day}
	for _, r := range records {
		s.profiles[k] = append(s.profiles[k], []byte(r))
	}
}

// who lists the records of the users who did the event in those days, each
// once. The caller holds mu.
func (s *Server) who(event string, from, to exporter.Day) (out []profile) {
	people, _ := s.opt.Data.(People)
	seen := map[User]bool{}
	met := map[string]bool{}
	add := func(u User) {
		if !seen[u] {
			seen[u] = true
			out = append(out, profile{user: u})
		}
	}
	for d := from; !to.Before(d); d = d.Add(1) {
		if people != nil {
			for _, u := range people.Who(event, d) {
				add(u)
			}
		}
		k := key{event, d}
		for _, raw := range s.added[k] {
			by, id, raw := userOf(raw)
			if people != nil {
				if u, ok := people.Find(by, id); ok {
					add(u)
					continue
				}
			}
			if raw != nil && !met[id] {
				met[id] = true
				out = append(out, profile{raw: raw})
			}
		}
		for _, raw := range s.profiles[k] {
			out = append(out, profile{raw: raw})
		}
	}
	return out
}

// userOf makes a user of the profile in an event: its device becomes the one of
// platformInfo.
func userOf(event []byte) (by, id string, raw []byte) {
	var e struct {
		Profile map[string]json.RawMessage `json:"profile"`
	}
	if json.Unmarshal(event, &e) != nil || len(e.Profile) == 0 {
		return "", "", nil
	}
	for _, by = range []string{"identity", "objectId"} {
		if json.Unmarshal(e.Profile[by], &id) == nil {
			break
		}
	}
	device := map[string]json.RawMessage{}
	for _, k := range []string{"objectId", "platform", "os_version", "app_version", "make", "model", "push_token"} {
		if v, ok := e.Profile[k]; ok {
			device[k] = v
			delete(e.Profile, k)
		}
	}
	info, err := json.Marshal([]any{device})
	if err != nil {
		return "", "", nil
	}
	e.Profile["platformInfo"] = info
	if raw, err = json.Marshal(e.Profile); err != nil {
		return "", "", nil
	}
	return by, id, raw
}

// appendProfiles appends the records of a page.
func (s *Server) appendProfiles(b []byte, w *walk, from, n int) []byte {
	for i, p := range w.people[from : from+n] {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendProfile(b, p, w.view)
	}
	return b
}

// appendProfile appends a record, of which a View leaves out what was not asked
// for; added ones are as they are.
func (s *Server) appendProfile(b []byte, p profile, v View) []byte {
	if p.raw != nil {
		return append(b, p.raw...)
	}
	people, _ := s.opt.Data.(People)
	return people.AppendUser(b, p.user, v)
}

// profileAnswer gives one user, by exactly one of three ids.
func profileAnswer(s *Server, r *http.Request, _ Request, _ Fault) answer {
	params := r.URL.Query()
	var by []string
	for _, k := range []string{"identity", "email", "objectId"} {
		if params.Has(k) {
			by = append(by, k)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(by) != 1 || len(params) != 1 {
		s.violate("a profile is asked for by %d ids and %d parameters", len(by), len(params))
		return fail(400, 400, "Invalid parameters")
	}
	id := params.Get(by[0])
	if people, ok := s.opt.Data.(People); ok && s.opt.Region != EmptyAccount {
		if u, ok := people.Find(by[0], id); ok {
			return found(people.AppendUser(nil, u, View{App: true, Events: true, Profile: true, Now: s.opt.Now()}))
		}
	}
	for k, records := range s.profiles {
		for _, raw := range records {
			if s.knows(k.event) && has(raw, by[0], id) {
				return found(raw)
			}
		}
	}
	return fail(404, 404, "Profile not found: "+id)
}

func found(record []byte) answer {
	return text(200, `{"status":"success","record":`+string(record)+`}`)
}

// has reports whether the record, or a device of it, has that id.
func has(raw []byte, by, id string) bool {
	var r struct {
		Identity, Email, ObjectID string
		PlatformInfo              []struct{ ObjectID string }
	}
	if json.Unmarshal(raw, &r) != nil {
		return false
	}
	switch by {
	case "identity":
		return r.Identity == id
	case "email":
		return r.Email == id
	}
	return r.ObjectID == id || slices.ContainsFunc(r.PlatformInfo, func(d struct{ ObjectID string }) bool { return d.ObjectID == id })
}
