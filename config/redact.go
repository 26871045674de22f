package config

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Lengths, in bytes, below which a text is too common to scrub.
const (
	minSecret = 8
	minLine   = 16       // of one line of a longer secret
	minCoded  = 8        // of a stretch of base64
	maxHeld   = 64 << 10 // of one stretch of secrets that a writer holds back
)

// A Redactor knows the secrets that were looked up and takes them out of what
// is about to be shown: as they are, in JSON, in base64 (also in the middle of
// a longer text, as in a Basic header) and URL-encoded. It is the last net under
// type Secret, not a replacement. The zero Redactor and a nil one know no
// secret; a Redactor is safe for concurrent use.
type Redactor struct {
	mu    sync.RWMutex
	forms []string // sorted, each once
}

// Add makes secret known, and the password in it when it is a URL. Fewer than
// 8 bytes are too few to tell from other text, and are passed over.
func (r *Redactor) Add(secret string) {
	if r == nil || len(secret) < minSecret {
		return
	}
	var forms []string
	forms = appendForms(forms, secret)
	if lines := strings.Split(secret, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= minLine && !strings.HasPrefix(l, "-----") {
				forms = appendForms(forms, l)
			}
		}
	}
	if pw := password(secret); len(pw) >= minSecret {
		forms = appendForms(forms, pw)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forms = append(r.forms, forms...)
	slices.Sort(r.forms)
	r.forms = slices.Compact(r.forms)
}

// password returns the password in a URL, or "".
func password(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return ""
	}
	pw, _ := u.User.Password()
	return pw
}

// appendForms appends the ways in which s may turn up.
func appendForms(forms []string, s string) []string {
	forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s), lowerHex(url.QueryEscape(s)))
	for _, html := range []bool{true, false} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		if enc.Encode(s) == nil {
			forms = append(forms, strings.Trim(strings.TrimSuffix(b.String(), "\n"), `"`))
		}
	}
	// A text in the middle of base64 looks different at each of 3 offsets, and
	// its first and last characters depend on its neighbours.
	for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			coded := coding.EncodeToString(append(make([]byte, shift), s...))
			from, to := (shift*8+5)/6, (shift+len(s))*8/6
			if to-from >= minCoded {
				forms = append(forms, coded[from:to])
			}
		}
		if coded := coding.EncodeToString([]byte(s)); len(coded) >= minCoded-2 {
			forms = append(forms, coded)
		}
	}
	return forms
}

// lowerHex writes the escapes %2F of a URL as %2f.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// String returns s with every known secret replaced by ***.
func (r *Redactor) String(s string) string {
	if r == nil {
		return s
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return blank(s, r.find(s))
}

// A span is a stretch of a text: from <= i < to.
type span struct{ from, to int }

// find returns where the secrets are, in order. Those that overlap
// are one span, so that no end of one is left beside another.
func (r *Redactor) find(s string) []span {
	var all []span
	for _, f := range r.forms {
		for i := 0; ; i++ {
			next := strings.Index(s[i:], f)
			if next < 0 {
				break
			}
			i += next
			all = append(all, span{i, i + len(f)})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	var union []span
	for _, one := range all {
		if last := len(union) - 1; last >= 0 && one.from < union[last].to {
			union[last].to = max(union[last].to, one.to)
			continue
		}
		union = append(union, one)
	}
	return union
}

// blank replaces the spans of s.
func blank(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, one := range spans {
		b.WriteString(s[at:one.from] + mask)
		at = one.to
	}
	b.WriteString(s[at:])
	return b.String()
}

// Writer returns a writer that scrubs what it passes on to w, also secrets that
// are split over several writes. It holds back only what may be the start of a
// secret: call Flush at the end. The writer is safe for concurrent use when w
// is used by nobody else.
func (r *Redactor) Writer(w io.Writer) *RedactWriter { return &RedactWriter{red: r, to: w} }

// A RedactWriter is made by Redactor.Writer.
type RedactWriter struct {
	red *Redactor
	to  io.Writer

	mu   sync.Mutex
	held []byte // at most maxHeld and one secret
}

// Write passes p on, scrubbed. It returns len(p) unless w fails.
func (w *RedactWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := append(w.held, p...)
	clean, held := w.red.scrub(string(all))
	w.held = append(w.held[:0], held...)
	if clean == "" {
		return len(p), nil
	}
	if _, err := io.WriteString(w.to, clean); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush passes on what is held back.
func (w *RedactWriter) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, w.red.String(string(w.held)))
	w.held = nil
	return err
}

// scrub cleans s up to where an unfinished secret may begin, and returns the
// rest as it is.
func (r *Redactor) scrub(s string) (clean, held string) {
	if r == nil {
		return s, ""
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	cut := len(s)
	for _, f := range r.forms {
		for i := max(0, len(s)-len(f)+1); i < cut; i++ {
			if s[i] == f[0] && strings.HasPrefix(f, s[i:]) {
				cut = i
			}
		}
	}
	spans := r.find(s)
	for i, one := range spans {
		if one.to > cut {
			cut, spans = min(cut, one.from), spans[:i]
			break
		}
	}
	clean = blank(s[:cut], spans)
	if len(s)-cut > maxHeld {
		return clean + mask, "" // secrets without end: no need to see more
	}
	return clean, s[cut:]
}
