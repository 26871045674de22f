package clevertap

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
)

// errTooLarge says that an answer was cut off at Retry.MaxBody.
var errTooLarge = errors.New("the answer is too large")

// An answer is what came back, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes one request and reads its answer into buf, or into a larger buffer.
func (c *client) send(ctx context.Context, q call, buf []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.retry.Timeout)
	defer cancel()
	u := *c.base
	u.Path, u.RawQuery = u.Path+q.path, q.query
	req, err := http.NewRequestWithContext(ctx, q.method, u.String(), bytes.NewReader(q.body))
	if err != nil {
		return answer{}, errors.New("the request cannot be made from the configured address")
	}
	if q.body == nil {
		req.Body, req.GetBody = nil, nil
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	// By these spellings; net/http would send others for the same names.
	req.Header["X-CleverTap-Account-Id"] = []string{c.account}
	req.Header["X-CleverTap-Passcode"] = []string{c.passcode}
	req.Header.Set("User-Agent", "tapline")

	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, stalled(ctx, err)
	}
	defer resp.Body.Close()
	// From here on only: the vendor may think long before the first byte.
	idle := time.AfterFunc(c.retry.Idle, cancel)
	defer idle.Stop()
	body, err := readAll(resp.Body, buf, c.retry.MaxBody, func() { idle.Reset(c.retry.Idle) })
	if err != nil {
		return answer{}, stalled(ctx, err)
	}
	return answer{resp.StatusCode, resp.Header, body}, nil
}

// stalled names our own time limits, which come to light as a cancelled request.
func stalled(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("the answer took too long")
	case errors.Is(err, context.Canceled):
		return errors.New("no byte came for too long")
	}
	return err
}

// readAll reads r to its end into buf, which it enlarges.
func readAll(r io.Reader, buf []byte, most int64, progress func()) ([]byte, error) {
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			bigger := make([]byte, len(buf), max(64<<10, 2*cap(buf)))
			copy(bigger, buf)
			buf = bigger
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > most {
			return nil, fmt.Errorf("%w: over %d bytes", errTooLarge, most)
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		progress()
	}
}

// certificate reports whether err is about the other side's identity, which
// trying again does not mend.
func certificate(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		host   x509.HostnameError
		anyone x509.UnknownAuthorityError
		record tls.RecordHeaderError
	)
	return errors.As(err, &verify) || errors.As(err, &host) || errors.As(err, &anyone) || errors.As(err, &record)
}

// small is the size up to which a body is looked into for a failure before it
// is handed on. Errors are short; a page that is not one is checked as it is decoded.
const small = 16 << 10

// judge says what an answer means, nil when it is the one asked for.
func (c *client) judge(q call, a answer) *failure {
	e := &APIError{Op: q.op, Status: a.status}
	body := bytes.TrimSpace(a.body)
	switch {
	case a.status == http.StatusAccepted:
		e.Message = "still in progress"
		return &failure{kind: pending, err: e, after: c.retryAfter(a), ticket: q.ticketIn(body)}
	case a.status >= 300 && a.status < 400:
		e.Message = "redirected to " + hostOf(a.header.Get("Location"))
		e.Hint = "redirects are not followed, for the credentials would go with them; set region or url to the right host"
		return &failure{err: e}
	case len(body) == 0 && a.status == http.StatusOK:
		e.Message, e.Hint = "the answer is empty", "CleverTap answers paths it does not know so; check url and region"
		return &failure{kind: strange, err: e}
	case len(body) == 0 || body[0] != '{':
		return c.notJSON(q, a, e)
	case len(body) > small && a.status == http.StatusOK && !q.polls:
		return nil
	}
	var env struct {
		Status string             `json:"status"`
		Error  stdjson.RawMessage `json:"error"`
		Code   stdjson.Number     `json:"code"`
		Cursor string             `json:"cursor"`
		Next   string             `json:"next_cursor"`
		Rows   stdjson.RawMessage `json:"records"`
	}
	if err := stdjson.Unmarshal(body, &env); err != nil {
		if _, wrongKind := errors.AsType[*stdjson.UnmarshalTypeError](err); !wrongKind {
			e.Message = "the answer is not whole JSON"
			return &failure{kind: again, err: e}
		}
	}
	code, err := strconv.Atoi(env.Code.String())
	if err != nil {
		code = 0 // absent, or beyond any code that is known
	}
	page := env.Cursor != "" || env.Next != "" || env.Rows != nil
	if env.Status == "partial" && a.status == http.StatusOK && (q.polls || !page) {
		e.Message = "still in progress"
		return &failure{kind: pending, err: e, after: c.retryAfter(a), ticket: q.ticketIn(body)}
	}
	if a.status == http.StatusOK && env.Status != "fail" && (env.Status != "" || env.Error == nil) {
		return nil
	}
	f := c.failed(q, a, code, c.plain(env.Error))
	if f.kind == pending {
		f.ticket = q.ticketIn(body)
	}
	return f
}

// notJSON is for a body that is no JSON object: a proxy's page, mostly.
func (c *client) notJSON(q call, a answer, e *APIError) *failure {
	e.Message = "the answer is not JSON"
	if strings.Contains(a.header.Get("Content-Type"), "html") {
		e.Message = "the answer is an HTML page"
	}
	if a.status == http.StatusOK {
		e.Hint = "something between here and CleverTap may have answered"
		return &failure{kind: strange, err: e}
	}
	q.single = false // whoever answered knows nothing of users
	return c.failed(q, a, 0, http.StatusText(a.status))
}

// failed is for an answer that says what is wrong.
func (c *client) failed(q call, a answer, code int, message string) *failure {
	if message == "" {
		message = "no reason given"
	}
	e := &APIError{Op: q.op, Status: a.status, Code: code, Message: q.hide(message)}
	after := c.retryAfter(a)
	switch {
	case q.single && (a.status == http.StatusNotFound || code == http.StatusNotFound):
		return &failure{err: errAbsent}
	case code == codeInProgress:
		return &failure{kind: pending, err: e, after: after}
	case q.unready && unready(a.status, message):
		e.sentinel = exporter.ErrNotReady
		return &failure{err: e}
	case a.status == http.StatusTooManyRequests || code == 429:
		e.Hint = "other tools may be using the account's slots; run again later, it goes on where it stopped"
		return &failure{kind: crowded, err: e, after: after}
	}
	e.sentinel = sentinelOf(a.status, code, message, q.walking)
	e.Hint = hint(e.sentinel)
	switch {
	case e.sentinel == nil && transient(a.status, code):
		return &failure{kind: again, err: e, after: after}
	case e.sentinel == nil && q.lost(a.status, code, message):
		return &failure{kind: refused, err: e, after: after, lost: true}
	case e.sentinel == nil && q.walking && c.old(q):
		e.sentinel = exporter.ErrCursorExpired
	case e.sentinel == nil && a.status == http.StatusOK:
		return &failure{kind: refused, err: e}
	}
	return &failure{err: e}
}

// old reports whether the walk is at an age at which any refusal is put down to it.
func (c *client) old(q call) bool { return !q.opened.IsZero() && c.now().Sub(q.opened) >= q.life }

// retryAfter reads the header: seconds or a date. Garbage is 0.
func (c *client) retryAfter(a answer) time.Duration {
	v := strings.TrimSpace(a.header.Get("Retry-After"))
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(c.now()))
	}
	return 0
}

// hostOf is the host of a redirect's target, the only part of it fit to show.
func hostOf(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return "another path"
	}
	return u.Host
}
