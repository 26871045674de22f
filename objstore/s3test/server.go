// Package s3test is Amazon S3 in one process: a real HTTP server that speaks
// the part of its API that package objstore uses, path style, with state,
// conditional reads and writes as Amazon has them, and faults as data. Tests use
// it through NewServer, others through New and Start.
//
// It takes every signature; it minds who signed only.
package s3test

import (
	"encoding/xml"
	"errors"
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
	// AccessKeyID is whose requests are served; "" = everybody's.
	AccessKeyID string
	// RequesterPays refuses requests that do not agree to pay.
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
	now := o.Now
	if now == nil {
		now = time.Now
	}
	// Last-Modified has whole seconds, and so have listings.
	state := buckettest.NewState(func() time.Time { return now().Truncate(time.Second) })
	for _, b := range buckets {
		state.CreateBucket(b)
	}
	return buckettest.NewServer(state, &protocol{opt: o, state: state, uploads: map[string]*upload{}})
}

type protocol struct {
	opt   Options
	state *buckettest.State

	mu      sync.Mutex
	uploads map[string]*upload // multipart, by id
}

// ServeHTTP implements http.Handler.
func (p *protocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.opt.AccessKeyID != "" && !strings.Contains(r.Header.Get("Authorization"), "Credential="+p.opt.AccessKeyID+"/") {
		p.refuse(w, r, http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
		return
	}
	if p.opt.RequesterPays && r.Header.Get("X-Amz-Request-Payer") != "requester" {
		p.refuse(w, r, http.StatusForbidden, "AccessDenied", "Access Denied")
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	key, err := url.PathUnescape(key)
	if err != nil {
		p.refuse(w, r, http.StatusBadRequest, "InvalidURI", err.Error())
		return
	}
	q := r.URL.Query()
	switch multipart := q.Has("uploadId") || q.Has("uploads"); {
	case key == "" && r.Method == http.MethodGet:
		p.list(w, r, bucket)
	case key == "" && r.Method == http.MethodHead && p.state.HasBucket(bucket):
		w.WriteHeader(http.StatusOK)
	case key == "" && r.Method == http.MethodHead:
		p.fail(w, r, buckettest.ErrNoBucket)
	case key == "":
		p.refuse(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method+" of a bucket is not served")
	case multipart:
		p.multipart(w, r, bucket, key)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		p.read(w, r, bucket, key)
	case r.Method == http.MethodPut:
		p.put(w, r, bucket, key)
	case r.Method == http.MethodDelete:
		p.remove(w, r, bucket, key)
	default:
		p.refuse(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method+" is not served")
	}
}

// Refuse implements buckettest.Protocol.
func (p *protocol) Refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	codes := map[int]string{
		http.StatusServiceUnavailable: "SlowDown", http.StatusInternalServerError: "InternalError",
		http.StatusTooManyRequests: "TooManyRequests", http.StatusForbidden: "AccessDenied",
	}
	p.refuse(w, r, status, codes[status], message)
}

func (p *protocol) refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	type answer struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return
	}
	write(w, status, answer{Code: code, Message: message})
}

// fail answers with what an error of the state is in Amazon's words.
func (p *protocol) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, buckettest.ErrNoBucket):
		p.refuse(w, r, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case errors.Is(err, buckettest.ErrNoObject):
		p.refuse(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case errors.Is(err, buckettest.ErrPrecondition):
		p.refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	default:
		p.refuse(w, r, http.StatusBadRequest, "InvalidRequest", err.Error())
	}
}

// condition reads a request's If-Match and If-None-Match.
func condition(r *http.Request) buckettest.Condition {
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	if match == "" && none == "" {
		return nil
	}
	return func(old *buckettest.Object) bool {
		if none == "*" && old != nil {
			return false
		}
		return match == "" || old != nil && strings.Trim(match, `"`) == old.ETag
	}
}

func quoted(etag string) string { return strconv.Quote(etag) }

func write(w http.ResponseWriter, status int, v any) {
	b, err := xml.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(err.Error())
	}
	b = append([]byte(xml.Header), b...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has left is no matter
}
