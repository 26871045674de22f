package clevertap

import (
	"bytes"
	stdjson "encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Counts are worked out while the client waits. The first answer may be
// {"status":"partial","req_id":384600000000001}, a ticket; from then on the same
// path is asked by GET with the ticket, until the answer is whole. Asking again
// by POST would start the work anew. Source: developer.clevertap.com, "Get Event
// Count", read 2026-11-22.

// poll is the call to make after at, an attempt at q, gave no answer but f.
func (q call) poll(at call, f *failure) call {
	switch {
	case f.ticket != "":
		at.method, at.body = http.MethodGet, nil
		at.query, at.ticket = "req_id="+url.QueryEscape(f.ticket), f.ticket
		return at
	case f.lost:
		return q
	}
	return at
}

// ticketIn finds the ticket in an answer that is in progress: a number, whose
// digits it keeps, or a text. Empty when there is none.
func (q call) ticketIn(body []byte) string {
	var env struct {
		ID stdjson.RawMessage `json:"req_id"`
	}
	if !q.polls || stdjson.Unmarshal(body, &env) != nil {
		return ""
	}
	raw := bytes.TrimSpace(env.ID)
	switch {
	case len(raw) == 0 || len(raw) > maxTicket:
		return ""
	case raw[0] == '"':
		var text string
		if stdjson.Unmarshal(raw, &text) != nil {
			return ""
		}
		return text
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		return string(raw)
	}
	return ""
}

// maxTicket is the longest ticket that goes into a URL, in bytes.
const maxTicket = 4 << 10

// lost reports whether a refusal means that the ticket is no longer known. The
// vendor says "invalid request id"; how long a ticket lives is documented
// nowhere. It went out as it came in, so that whatever is found wrong with the
// request is its age.
func (q call) lost(status, code int, message string) bool {
	text := strings.ToLower(message)
	return q.ticket != "" && (code == codeUsage || status == http.StatusNotFound || status == http.StatusGone ||
		strings.Contains(text, "request id") || strings.Contains(text, "req_id"))
}

// hide leaves what must not be shown of the query out of the vendor's words.
func (q call) hide(message string) string {
	for _, word := range []string{q.ticket, q.secret, url.QueryEscape(q.secret)} {
		if word != "" {
			message = regexp.MustCompile("(?i)"+regexp.QuoteMeta(word)).ReplaceAllLiteralString(message, "***")
		}
	}
	return message
}
