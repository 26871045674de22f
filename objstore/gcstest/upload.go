package gcstest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"tapline/objstore/buckettest"
)

// metadata is what an upload says of the object beside its content.
type metadata struct {
	Name            string            `json:"name"`
	ContentEncoding string            `json:"contentEncoding"`
	Metadata        map[string]string `json:"metadata"`
}

// session is a resumable upload. Nothing of it is seen before it is complete.
type session struct {
	bucket  string
	meta    metadata
	when    buckettest.Condition
	content []byte
	made    *buckettest.Object // when complete: asked again, the answer is the same
}

func (p *protocol) upload(w http.ResponseWriter, r *http.Request, bucket string) {
	q := r.URL.Query()
	when, err := condition(q)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	meta := metadata{Name: q.Get("name")}
	switch {
	case r.Method == http.MethodDelete:
		p.forget(q.Get("upload_id"))
		w.WriteHeader(499) // Google's word for an upload given up
	case q.Get("upload_id") != "":
		p.chunk(w, r, q.Get("upload_id"))
	case q.Get("uploadType") == "resumable":
		if err := json.NewDecoder(r.Body).Decode(&meta); err != nil && !errors.Is(err, io.EOF) {
			p.fail(w, r, fmt.Errorf("metadata: %w", err))
			return
		}
		p.begin(w, r, &session{bucket: bucket, meta: meta, when: when})
	case q.Get("uploadType") == "multipart":
		content, err := parts(r, &meta)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		p.store(w, r, bucket, meta, content, when)
	default:
		p.Refuse(w, r, http.StatusBadRequest, "uploadType is not served")
	}
}

// parts reads a body of two parts, metadata and content.
func parts(r *http.Request, meta *metadata) ([]byte, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	mr := multipart.NewReader(r.Body, params["boundary"])
	head, err := mr.NextPart()
	if err != nil {
		return nil, err
	}
	if err := json.NewDecoder(head).Decode(meta); err != nil {
		return nil, err
	}
	body, err := mr.NextPart()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if _, err := mr.NextPart(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the body does not end: %w", err)
	}
	return content, nil
}

func (p *protocol) store(w http.ResponseWriter, r *http.Request, bucket string, m metadata, content []byte, when buckettest.Condition) {
	o := buckettest.Object{Name: m.Name, Content: content, Metadata: m.Metadata, Encoding: m.ContentEncoding}
	made, err := p.state.PutIf(bucket, o, when)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, resource(bucket, made))
}

func (p *protocol) begin(w http.ResponseWriter, r *http.Request, s *session) {
	if !p.state.HasBucket(s.bucket) {
		p.fail(w, r, buckettest.ErrNoBucket)
		return
	}
	id := rand.Text()
	p.mu.Lock()
	p.sessions[id] = s
	p.mu.Unlock()
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	q := u.Query()
	q.Set("upload_id", id)
	u.RawQuery = q.Encode()
	w.Header().Set("Location", u.String())
	w.Header().Set("X-GUploader-UploadID", id)
	w.WriteHeader(http.StatusOK)
}

func (p *protocol) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, id)
}

// chunk takes "Content-Range: bytes first-last/total", where first-last may be
// * (nothing more) and total too (not the end).
func (p *protocol) chunk(w http.ResponseWriter, r *http.Request, id string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone in the middle: nothing of the chunk counts
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[id]
	if s == nil {
		p.Refuse(w, r, http.StatusNotFound, "no such upload")
		return
	}
	if s.made == nil {
		complete, err := s.take(r.Header.Get("Content-Range"), body)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		if !complete {
			if len(s.content) > 0 {
				w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(s.content)-1))
			}
			w.Header().Set("X-Http-Status-Code-Override", "308")
			w.WriteHeader(http.StatusOK)
			return
		}
		o := buckettest.Object{Name: s.meta.Name, Content: s.content, Metadata: s.meta.Metadata, Encoding: s.meta.ContentEncoding}
		if s.made, err = p.state.PutIf(s.bucket, o, s.when); err != nil {
			p.fail(w, r, err)
			return
		}
	}
	write(w, http.StatusOK, resource(s.bucket, s.made))
}

// take adds a chunk and reports whether it was the last.
func (s *session) take(contentRange string, body []byte) (complete bool, err error) {
	spec, ok := strings.CutPrefix(contentRange, "bytes ")
	span, total, ok2 := strings.Cut(spec, "/")
	if !ok || !ok2 {
		return false, fmt.Errorf("Content-Range %q", contentRange)
	}
	if span != "*" {
		first, _, _ := strings.Cut(span, "-")
		at, err := strconv.Atoi(first)
		if err != nil || at > len(s.content) {
			return false, fmt.Errorf("Content-Range %q after %d bytes", contentRange, len(s.content))
		}
		s.content = append(s.content[:at], body...)
	}
	return total == strconv.Itoa(len(s.content)), nil
}
