package config

import (
	"cmp"
	"encoding"
	"errors"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A decoder fills structs from nodes, strictly, and goes on after a mistake so
// that all of them are reported at once.
type decoder struct {
	p *problems
	// refs lets texts hold ${...} references; resolve looks them up, and
	// without it they are only checked and stay as they are written.
	refs, resolve bool
	own           *shared
}

// shared is what the parts of one configuration have in common.
type shared struct {
	red *Redactor

	mu    sync.Mutex
	warns Errors
}

func (s *shared) warn(list Errors) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warns = append(s.warns, list...)
}

// section fills the struct v from n. The keys of taken belong to somebody else:
// they are skipped, and known when a slip is looked for.
func (d *decoder) section(n *node, path string, v reflect.Value, taken ...string) {
	if n.kind != kindMap {
		d.p.add(n.at, path, "%s: want a section of keys and values, got %s", within(path), n.kind)
		return
	}
	fields := fieldsOf(v.Type())
	known := append(keysOf(fields), taken...)
	for _, m := range n.fields {
		if slices.Contains(taken, m.key) {
			continue
		}
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == m.key })
		if i < 0 {
			d.p.add(m.at, join(path, m.key), "unknown key %q in %s", m.key, within(path)).suggest(m.key, known, "known are")
			continue
		}
		d.value(m.value, join(path, m.key), fields[i], v.FieldByIndex(fields[i].index))
	}
	for _, f := range fields {
		if f.required && n.get(f.key) == nil && !slices.Contains(taken, f.key) {
			e := d.p.add(n.at, join(path, f.key), "missing key %q in %s", f.key, within(path))
			e.missing = true
			if f.doc != "" {
				e.remedy("it is %s", f.doc)
			}
		}
	}
}

// value fills v, which f describes.
func (d *decoder) value(n *node, path string, f field, v reflect.Value) {
	if n.kind == kindNull { // JSON's null among them: nothing to pass on
		d.p.add(n.at, path, "%s: has no value", path).remedy("give it one or take the key out")
		return
	}
	switch {
	case f.typ == secretType:
		v.Set(reflect.ValueOf(d.secret(n, path)))
	case f.typ == refType:
		d.reference(n, path, v)
	case f.typ == jsonType:
		d.json(n, path, v)
	case f.typ == durationType, f.typ == zoneType, reflect.PointerTo(f.typ).Implements(writtenType),
		reflect.PointerTo(f.typ).Implements(textType):
		d.notation(n, path, f.typ, v)
	case f.typ.Kind() == reflect.Pointer:
		to := reflect.New(f.typ.Elem())
		f.typ = f.typ.Elem()
		d.value(n, path, f, to.Elem())
		v.Set(to)
	case f.typ.Kind() == reflect.Struct:
		if key, ok := f.long(); ok && n.kind != kindMap {
			d.value(n, path, key, v.FieldByIndex(key.index))
			return
		}
		d.section(n, path, v)
	case f.typ.Kind() == reflect.Slice:
		d.list(n, path, f, v)
	case f.typ.Kind() == reflect.Map && f.typ.Key().Kind() == reflect.String:
		d.table(n, path, f, v)
	default:
		d.scalar(n, path, f, v)
	}
}

func (d *decoder) list(n *node, path string, f field, v reflect.Value) {
	if n.kind != kindList {
		d.p.add(n.at, path, "%s: want a list, got %s", path, n.kind).remedy("write it as [...]")
		return
	}
	list := reflect.MakeSlice(f.typ, len(n.items), len(n.items))
	for i, item := range n.items {
		d.value(item, index(path, i), f.item(), list.Index(i))
	}
	v.Set(list)
}

func (d *decoder) table(n *node, path string, f field, v reflect.Value) {
	if n.kind != kindMap {
		d.p.add(n.at, path, "%s: want a section of keys and values, got %s", path, n.kind)
		return
	}
	m := reflect.MakeMapWithSize(f.typ, len(n.fields))
	for _, one := range n.fields {
		to := reflect.New(f.typ.Elem()).Elem()
		d.value(one.value, join(path, one.key), f.item(), to)
		m.SetMapIndex(reflect.ValueOf(one.key).Convert(f.typ.Key()), to)
	}
	v.Set(m)
}

// scalar fills texts, truths and numbers.
func (d *decoder) scalar(n *node, path string, f field, v reflect.Value) {
	switch f.typ.Kind() {
	case reflect.String:
		if s, ok := d.text(n, path, f); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		b, err := strconv.ParseBool(n.text)
		if n.kind != kindBool && n.kind != kindWord || err != nil {
			d.wrong(n, path, "want true or false")
			return
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.text, 10, f.typ.Bits())
		if n.kind != kindInteger && n.kind != kindWord || err != nil || !inBounds(float64(i), f) {
			d.wrong(n, path, "want a whole number"+f.bounds())
			return
		}
		v.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(n.text, 10, f.typ.Bits())
		if n.kind != kindInteger && n.kind != kindWord || err != nil || !inBounds(float64(u), f) {
			d.wrong(n, path, "want a whole number, not negative"+f.bounds())
			return
		}
		v.SetUint(u)
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(n.text, f.typ.Bits())
		if n.kind != kindInteger && n.kind != kindFloat && n.kind != kindWord || err != nil || !inBounds(x, f) {
			d.wrong(n, path, "want a number"+f.bounds())
			return
		}
		v.SetFloat(x)
	default:
		d.p.add(n.at, path, "%s: tapline cannot read values of the Go type %s", path, f.typ)
	}
}

// text reads a text, its references resolved. ok is false when it cannot.
func (d *decoder) text(n *node, path string, f field) (s string, ok bool) {
	s, ref, ok := d.expand(n, path, false)
	if !ok || ref && !d.resolve {
		return s, ok
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, s) {
		d.p.add(n.at, path, "%s: unknown value %s", path, quote(n)).suggest(n.text, f.enum, "want one of")
		return "", false
	}
	if f.pattern != "" {
		if ok, err := regexp.MatchString(f.pattern, s); err != nil || !ok {
			d.wrong(n, path, "want "+cmp.Or(f.want, "a match of "+f.pattern))
			return "", false
		}
	}
	if ref && d.own != nil {
		d.own.red.Add(password(s))
	}
	if f.isPath && n.at.src != nil && s != "" && !filepath.IsAbs(s) && !strings.Contains(s, "://") {
		s = filepath.Join(n.at.src.dir, s)
	}
	return s, true
}

// secret reads a secret and tells the redactor.
func (d *decoder) secret(n *node, path string) Secret {
	s, ref, ok := d.expand(n, path, true)
	switch {
	case !ok || ref && !d.resolve:
		return Secret{}
	case !ref && n.at.src != nil && s != "":
		d.p.warn(n.at, path, "%s: the secret stands in the file itself", path).
			remedy(`move it out, and refer to it as "${env:NAME}" or "${file:/path}"`)
	}
	if len(s) < minSecret && s != "" {
		d.p.warn(n.at, path, "%s: the secret is shorter than %d bytes, too short to tell from other text and take out of what is printed", path, minSecret).
			remedy("use a longer one")
	}
	d.own.red.Add(s)
	return NewSecret(s)
}

// reference keeps a secret to be looked up later.
func (d *decoder) reference(n *node, path string, v reflect.Value) {
	check := decoder{p: d.p, refs: true, own: d.own}
	if check.secret(n, path); n.kind == kindText {
		v.Set(reflect.ValueOf(SecretRef{n, path, d.own}))
	}
}

// expand returns a text with its references resolved, and whether it has any.
func (d *decoder) expand(n *node, path string, secret bool) (s string, ref, ok bool) {
	if n.kind != kindText && n.kind != kindWord {
		what := "want a text, got " + n.kind.String()
		switch {
		case n.kind == kindList || n.kind == kindMap:
			d.p.add(n.at, path, "%s: %s", path, what)
		case secret:
			d.p.add(n.at, path, "%s: %s", path, what).remedy("put quotes around it")
		default:
			d.p.add(n.at, path, "%s: %s", path, what).remedy("put quotes around it: %q", n.text)
		}
		return "", false, false
	}
	if !d.refs || n.kind == kindWord {
		return n.text, false, true
	}
	list, err := pieces(n.text)
	if err != nil {
		d.p.add(n.at, path, "%s: %v", path, err).remedy("write $${ where a text has ${ in it")
		return "", false, false
	}
	if ref = hasRef(list); ref && !d.resolve {
		return n.text, true, true
	}
	var b strings.Builder
	ok = true
	for _, p := range list {
		text := p.literal
		if p.from != "" {
			v, found := d.fetch(p, n.at, path, secret)
			text, ok = v, ok && found
		}
		b.WriteString(text)
	}
	return b.String(), ref, ok
}

// notation reads a value that is written in a way of its own.
func (d *decoder) notation(n *node, path string, t reflect.Type, v reflect.Value) {
	if d.refs && strings.Contains(n.text, "${") {
		d.p.add(n.at, path, "%s: a reference can stand for texts and secrets only", path).remedy("write the value here")
		return
	}
	text := n.text
	if n.kind != kindText && n.kind != kindInteger && n.kind != kindWord {
		text = "" // which no notation takes
	}
	var err error
	switch to := v.Addr().Interface().(type) {
	case *time.Duration:
		*to, err = parseDuration(text)
	case **time.Location:
		*to, err = parseZone(text)
	case written:
		err = to.parse(text)
	case encoding.TextUnmarshaler:
		if n.kind != kindText && n.kind != kindWord {
			err = errors.New("want a text in quotes")
			break
		}
		err = to.UnmarshalText([]byte(text))
	default:
		d.p.add(n.at, path, "%s: tapline cannot read values of the Go type %s", path, t)
	}
	if err != nil {
		d.wrong(n, path, err.Error())
	}
}

func (d *decoder) wrong(n *node, path, want string) {
	d.p.add(n.at, path, "%s: %s, got %s", path, want, quote(n))
}

// quote shows a value that is no secret; one with a reference or of a great
// length is not shown.
func quote(n *node) string {
	switch {
	case n.kind == kindList || n.kind == kindMap:
		return n.kind.String()
	case strings.Contains(n.text, "${") || len(n.text) > 200:
		return "a text of another form"
	case n.kind == kindText || n.kind == kindWord:
		return strconv.Quote(n.text)
	}
	return n.text
}

func (f field) bounds() string {
	switch {
	case f.min != "" && f.max != "":
		return " from " + f.min + " to " + f.max
	case f.min != "":
		return " of at least " + f.min
	case f.max != "":
		return " of at most " + f.max
	}
	return ""
}

// inBounds reports whether x keeps the field's bounds.
func inBounds(x float64, f field) bool {
	low, err := strconv.ParseFloat(f.min, 64)
	if f.min != "" && (err != nil || x < low) {
		return false
	}
	high, err := strconv.ParseFloat(f.max, 64)
	return f.max == "" || err == nil && x <= high
}
