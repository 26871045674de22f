package clevertap

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"tapline/exporter"
)

// An APIError is an answer of the vendor that is not what was asked for. It
// unwraps to a sentinel of package exporter where one is owed. It holds no
// credential, no cursor and no row.
type APIError struct {
	Op      string // what was done: "open events/Order Placed 2026-09-01"
	Status  int    // of HTTP
	Code    int    // of the body, or 0
	Message string // the vendor's words, or ours when it had none
	Hint    string // what to do about it, or ""

	sentinel error
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "clevertap: %s: HTTP %d", e.Op, e.Status)
	if e.Code != 0 && e.Code != e.Status {
		fmt.Fprintf(&b, ", code %d", e.Code)
	}
	b.WriteString(": " + e.Message)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap returns exporter.ErrUnauthorized, ErrNotExportable, ErrUnknownStream,
// ErrCursorExpired, ErrNotReady, ErrWindow or nil.
func (e *APIError) Unwrap() error { return e.sentinel }

// hints, by sentinel.
func hint(sentinel error) string {
	switch sentinel {
	case exporter.ErrUnauthorized:
		return "check account_id, passcode and region: an account is known in its own region only, and the passcode needs the right to read"
	case exporter.ErrNotExportable:
		return "CleverTap gives its rows in bucket exports only"
	}
	return ""
}

// Codes of a body. Source: developer.clevertap.com, API errors, read 2026-11-22.
const (
	codeInProgress = 2
	codeUsage      = 3
	codeDate       = 4002
)

// sentinelOf says what an error answer means to the caller. Walking tells
// whether a cursor was sent.
//
// What a dead cursor is answered with is documented nowhere. A cursor goes out
// as it came in, so that whatever is found wrong with it is its age.
func sentinelOf(status, code int, message string, walking bool) error {
	text := strings.ToLower(message)
	switch {
	case strings.Contains(text, "export not allowed"):
		return exporter.ErrNotExportable
	case status == http.StatusUnauthorized, status == http.StatusForbidden, code == 401, code == 403:
		return exporter.ErrUnauthorized
	case walking && (code == codeUsage || status == http.StatusGone || status == http.StatusNotFound ||
		strings.Contains(text, "cursor") || strings.Contains(text, "expired")):
		return exporter.ErrCursorExpired
	case strings.Contains(text, "invalid event"), strings.Contains(text, "unknown event"):
		return exporter.ErrUnknownStream
	case strings.Contains(text, "invalid group"):
		return errGroup
	case code == codeDate:
		return exporter.ErrWindow
	}
	return nil
}

// transient reports whether the same request may do better later.
func transient(status, code int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout ||
		status == http.StatusTooEarly || code == 429 || code == 500 || code == 502 || code == 503 || code == 504
}

// plain makes the vendor's error fit to be shown: it may be a list in a string,
// `["Invalid event : Foo"]`, or any other JSON, and be of any length.
func (c *client) plain(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) != nil {
		one = string(raw)
	}
	var list []string
	if strings.HasPrefix(one, "[") && json.Unmarshal([]byte(one), &list) == nil {
		one = strings.Join(list, "; ")
	}
	for _, secret := range []string{c.passcode, c.account} {
		one = strings.ReplaceAll(one, secret, "***")
	}
	one = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(one, "?"))
	if runes := []rune(one); len(runes) > 300 {
		one = string(runes[:300]) + "..."
	}
	return one
}
