package config

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// reservedTable begins the names of tapline's own tables and columns.
const reservedTable = "_tapline_"

// check finds what is wrong between the parts of the configuration.
func (c *Config) check(p *problems) {
	connections := map[string]place{}
	for _, con := range c.Connections {
		once(con.section, con.Name, "connection", connections, p)
	}
	pipelines := map[string]place{}
	for _, pipe := range c.Pipelines {
		once(pipe.section, pipe.Name, "pipeline", pipelines, p)
		pipe.checkEnds(connections, p)
		pipe.checkTimes(p)
		checkRules(pipe.section, pipe.Columns, p)
		for _, e := range pipe.Streams {
			e.check(p)
		}
	}
	alerts := map[string]place{}
	for _, a := range c.Alerts {
		once(a.section, a.Name, "alert", alerts, p)
		if len(a.On) == 0 && a.n.get("on") != nil && a.n.get("on").kind == kindList {
			a.fail(p, "on", "lists nothing to tell").remedy("write on: [failure, recovery]")
		}
	}
	c.checkViews(connections, p)
}

// fail adds a mistake at key.
func (s section) fail(p *problems, key, format string, args ...any) *Error {
	e := s.Errorf(key, format, args...)
	p.errs = append(p.errs, e)
	return e
}

// once reports a name that was given before.
func once(s section, name, what string, seen map[string]place, p *problems) {
	if name == "" {
		return // reported already
	}
	if first, ok := seen[name]; ok {
		s.fail(p, "name", "a second %s is called %q", what, name).remedy("rename one; the first is at %s", first)
		return
	}
	seen[name] = s.n.get("name").at
}

func (p Pipeline) checkEnds(connections map[string]place, out *problems) {
	known := slices.Sorted(maps.Keys(connections))
	for _, end := range []struct{ key, name string }{{"from", p.From}, {"to", p.To}} {
		if _, ok := connections[end.name]; ok || end.name == "" {
			continue
		}
		e := p.fail(out, end.key, "no connection is called %q", end.name).suggest(end.name, known, "there are")
		if len(known) == 0 {
			e.remedy("add it to connections:")
		}
	}
	if p.From != "" && p.From == p.To {
		p.fail(out, "to", "is the connection that the pipeline reads from").remedy("name a warehouse")
	}
}

func (p Pipeline) checkTimes(out *problems) {
	if p.Schedule != "" || p.n.get("schedule") != nil && p.n.get("schedule").kind == kindText {
		if err := checkCron(p.Schedule); err != nil {
			p.fail(out, "schedule", "%v", err)
		}
	}
	since, ok := p.day("since", p.Since, out)
	until, ok2 := p.day("until", p.Until, out)
	if ok && ok2 && !since.Before(until) {
		p.fail(out, "until", "%s is not after since: %s", p.Until, p.Since).remedy("until: is the day to stop before")
	}
}

// day reports whether the pipeline has a valid day at key.
func (p Pipeline) day(key, text string, out *problems) (time.Time, bool) {
	if text == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		p.fail(out, key, "there is no day %s", text)
	}
	return t, err == nil
}

func (e StreamEntry) check(p *problems) {
	if strings.HasPrefix(strings.ToLower(e.Table), reservedTable) {
		e.fail(p, "table", "names that start with %s are tapline's own", reservedTable).remedy("choose another name")
	}
	switch {
	case e.Mode == "merge" && len(e.Key) == 0:
		e.fail(p, "mode", "merge needs a key").remedy("name the columns that identify a row: key: [id]")
	case e.Mode != "merge" && len(e.Key) > 0:
		e.fail(p, "key", "only mode: merge has a key").remedy("add mode: merge, or take the key out")
	}
	if e.History && e.Mode != "merge" {
		e.fail(p, "history", "only mode: merge with a key has a history").remedy("add mode: merge and key: [id], or take history out")
	}
	twice(e.section, "key", e.Key, p)
	twice(e.section, "cluster", e.Cluster, p)
	checkRules(e.section, e.Columns, p)
}

// twice reports empty and repeated texts of the list at key.
func twice(s section, key string, list []string, p *problems) {
	for i, text := range list {
		switch {
		case text == "":
			s.fail(p, key, "has an empty name")
		case slices.Contains(list[:i], text):
			s.fail(p, key, "names %q twice", text)
		}
	}
}

// checkRules reports column rules that contradict themselves or each other.
func checkRules(s section, rules []ColumnRule, p *problems) {
	n := s.n.get("columns")
	if n == nil || n.kind != kindList {
		return
	}
	from, names := map[string]bool{}, map[string]bool{}
	for i, r := range rules {
		if i >= len(n.items) || n.items[i].kind != kindMap {
			continue // reported already
		}
		rule := section{n: n.items[i], path: index(join(s.path, "columns"), i), own: s.own}
		rule.checkRule(r, p)
		if r.From != "" && from[r.From] {
			rule.fail(p, "from", "a second rule for the column %q", r.From).remedy("write one rule with all that should happen to it")
		}
		if r.Rename != "" && names[r.Rename] {
			rule.fail(p, "rename", "a second column would be called %q", r.Rename)
		}
		from[r.From], names[r.Rename] = true, true
	}
}

func (s section) checkRule(r ColumnRule, p *problems) {
	has := func(key string) bool { return s.n.get(key) != nil }
	switch {
	case r.Drop && (has("rename") || has("type") || has("hash")):
		s.fail(p, "drop", "a dropped column has no other rule").remedy("take the drop or the others out")
	case !r.Drop && !has("rename") && !has("type") && !has("hash"):
		s.fail(p, "", "the rule does nothing").remedy("add rename, type, drop: true or hash")
	}
	if has("from") && r.From == "" && s.n.get("from").kind == kindText {
		s.fail(p, "from", "is empty").remedy("write the vendor's name of the column")
	}
	if strings.HasPrefix(strings.ToLower(r.Rename), reservedTable) {
		s.fail(p, "rename", "names that start with %s are tapline's own", reservedTable).remedy("choose another name")
	}
	if r.Hash != "" && r.Type != "" && r.Type != "string" {
		s.fail(p, "type", "a hash is a string").remedy("take type: out")
	}
	switch {
	case r.Hash == "hmac-sha256" && !has("hash_key"):
		s.fail(p, "hash", "hmac-sha256 needs a key").remedy(`add hash_key: "${env:NAME}"`)
	case r.Hash != "hmac-sha256" && has("hash_key"):
		s.fail(p, "hash_key", "only hash: hmac-sha256 has a key").remedy("write hash: hmac-sha256, or take the key out")
	}
}

// checkKinds checks the sections that belong to kinds, when the kinds are known.
func (c *Config) checkKinds(p *problems) {
	if c.kinds == nil {
		return
	}
	types := slices.Sorted(maps.Keys(c.kinds))
	for _, con := range c.Connections {
		k, ok := c.kinds[con.Type]
		switch {
		case con.Type == "": // reported already
		case !ok:
			con.fail(p, "type", "unknown type %q", con.Type).suggest(con.Type, types, "known are")
		default:
			con.foreign.check(k.Connection, p)
		}
	}
	for _, pipe := range c.Pipelines {
		con, ok := c.Connection(pipe.From)
		k, known := c.kinds[con.Type]
		switch {
		case !ok || !known: // reported already
		case k.Stream == nil:
			pipe.fail(p, "from", "%q is a %s connection, which cannot be read from", pipe.From, con.Type)
		default:
			for _, e := range pipe.Streams {
				e.foreign.check(k.Stream, p)
			}
		}
	}
}
