// Package gcstest is Google Cloud Storage in one process: a real HTTP server
// that speaks the part of its JSON API that package objstore uses, with state,
// generations and preconditions as Google has them, and faults as data. Tests
// use it through NewServer, others through New and Start.
package gcstest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"tapline/objstore/buckettest"
)

// Options describe how the server behaves. The zero value lets everybody in.
type Options struct {
	// Token is what requests must bear; "" = none.
	Token string
	// RequesterPays makes every request name the project that pays.
	RequesterPays bool
	Now           func() time.Time // nil = time.Now
}

// A Server is a set of buckets. Its URL is an Endpoint of objstore.Config.
type Server = buckettest.Server

// NewServer starts a server with the buckets on a free port of 127.0.0.1 that
// ends with the test.
func NewServer(t buckettest.TB, o Options, buckets ...string) *Server {
	t.Helper()
	s := New(o, buckets...)
	s.Run(t)
	return s
}

// New returns a server that is not started.
func New(o Options, buckets ...string) *Server {
	state := buckettest.NewState(o.Now)
	for _, b := range buckets {
		state.CreateBucket(b)
	}
	return buckettest.NewServer(state, &protocol{opt: o, state: state, sessions: map[string]*session{}})
}

type protocol struct {
	opt   Options
	state *buckettest.State

	mu       sync.Mutex
	sessions map[string]*session // resumable uploads by id
}

// ServeHTTP implements http.Handler.
func (p *protocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.opt.Token != "" && r.Header.Get("Authorization") != "Bearer "+p.opt.Token {
		p.Refuse(w, r, http.StatusUnauthorized, "Invalid Credentials")
		return
	}
	q := r.URL.Query()
	if p.opt.RequesterPays && q.Get("userProject") == "" {
		p.Refuse(w, r, http.StatusBadRequest, "Bucket is a requester pays bucket but no user project provided.")
		return
	}
	kind, bucket, object, err := place(r.URL)
	if err != nil {
		p.Refuse(w, r, http.StatusNotFound, err.Error())
		return
	}
	switch {
	case kind == "upload":
		p.upload(w, r, bucket)
	case object != "" && r.Method == http.MethodGet && (kind == "download" || q.Get("alt") == "media"):
		p.read(w, r, bucket, object)
	case object != "" && r.Method == http.MethodGet:
		p.stat(w, r, bucket, object)
	case object != "" && r.Method == http.MethodDelete:
		p.remove(w, r, bucket, object)
	case object == "" && r.Method == http.MethodGet:
		p.list(w, r, bucket)
	default:
		p.Refuse(w, r, http.StatusMethodNotAllowed, r.Method+" is not served")
	}
}

// place reads "/storage/v1/b/<bucket>/o[/<object>]" and the like; kind is the
// word before it: "", "download" or "upload".
func place(u *url.URL) (kind, bucket, object string, err error) {
	kind, rest, ok := strings.Cut(u.EscapedPath(), "storage/v1/b/")
	kind = strings.Trim(kind, "/")
	bucket, rest, under := strings.Cut(rest, "/")
	object, found := strings.CutPrefix(rest, "o/")
	if !ok || !under || !found && rest != "o" {
		return "", "", "", fmt.Errorf("the path %s is not served", u.EscapedPath())
	}
	if !found {
		object = ""
	}
	if object, err = url.PathUnescape(object); err != nil {
		return "", "", "", err
	}
	bucket, err = url.PathUnescape(bucket)
	return kind, bucket, object, err
}

// Refuse implements buckettest.Protocol.
func (p *protocol) Refuse(w http.ResponseWriter, _ *http.Request, status int, message string) {
	if message == "" {
		message = http.StatusText(status)
	}
	reason := strings.ReplaceAll(http.StatusText(status), " ", "")
	detail := map[string]any{"message": message, "domain": "global", "reason": reason}
	write(w, status, map[string]any{"error": map[string]any{
		"code": status, "message": message, "errors": []any{detail},
	}})
}

// fail answers with what an error of the state is in Google's words.
func (p *protocol) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, buckettest.ErrNoBucket):
		p.Refuse(w, r, http.StatusNotFound, "The specified bucket does not exist.")
	case errors.Is(err, buckettest.ErrNoObject):
		p.Refuse(w, r, http.StatusNotFound, "No such object")
	case errors.Is(err, buckettest.ErrPrecondition):
		p.Refuse(w, r, http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold.")
	default:
		p.Refuse(w, r, http.StatusBadRequest, err.Error())
	}
}

// condition reads a request's preconditions. Generation 0 stands for none.
func condition(q url.Values) (buckettest.Condition, error) {
	text := q.Get("ifGenerationMatch")
	if text == "" {
		return nil, nil
	}
	want, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("ifGenerationMatch: %w", err)
	}
	return func(old *buckettest.Object) bool {
		if old == nil {
			return want == 0
		}
		return old.Generation == want
	}, nil
}

// resource is an object as the JSON API shows it.
func resource(bucket string, o *buckettest.Object) map[string]any {
	return map[string]any{
		"kind": "storage#object", "bucket": bucket, "name": o.Name,
		"generation": strconv.FormatInt(o.Generation, 10), "metageneration": "1",
		"size": strconv.Itoa(len(o.Content)), "crc32c": crc(o), "etag": o.ETag,
		"timeCreated": o.Created.Format(time.RFC3339Nano), "updated": o.Created.Format(time.RFC3339Nano),
		"contentEncoding": o.Encoding, "metadata": o.Metadata,
	}
}

func crc(o *buckettest.Object) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, o.CRC32C))
}

func write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(err.Error())
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has left is no matter
}
