//go:build cgo && !noduckdb

package bigquerytest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// An upload is a resumable session: a job that waits for its file. One request
// at a time may write to it.
type upload struct {
	job  *bq.Job
	file *os.File
	size int64
	turn chan struct{}
}

// serveUpload answers the upload endpoint: a job and its file in one request
// (multipart), the start of a session, and chunks of a session's file.
func (s *Server) serveUpload(w http.ResponseWriter, hr *http.Request) {
	r := &request{Request: hr, call: Call{Method: "jobs.insert", Media: true}}
	if err := s.checkProject(hr); err != nil {
		tell(w, err)
		return
	}
	q := hr.URL.Query()
	switch kind := q.Get("uploadType"); {
	case q.Get("upload_id") != "":
		s.serveChunk(w, r, q.Get("upload_id"))
	case kind == "multipart":
		s.serveMultipart(w, r)
	case kind == "resumable":
		s.serveStart(w, r)
	default:
		tell(w, invalid("uploadType %q is not served by bigquerytest", kind))
	}
}

func (s *Server) serveMultipart(w http.ResponseWriter, r *request) {
	media, err := s.readMultipart(r)
	if err == nil {
		r.job.media = media
		err = s.describeJob(r)
	}
	if err != nil {
		tell(w, errors.Join(err, remove(media)))
		return
	}
	s.perform(w, r, s.insertUploaded)
}

// readMultipart reads the job and writes the file, whose name it returns.
func (s *Server) readMultipart(r *request) (string, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", invalid("Content-Type: %v", err)
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		return "", invalid("multipart body: %v", err)
	}
	if err := s.readJob(r, first); err != nil {
		return "", err
	}
	second, err := parts.NextPart()
	if err != nil {
		return "", invalid("multipart body: %v", err)
	}
	f, err := os.CreateTemp(s.dir, "upload-")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, second)
	if err = errors.Join(err, f.Close()); err != nil {
		return f.Name(), invalid("multipart body: %v", err)
	}
	return f.Name(), nil
}

func (s *Server) readJob(r *request, body io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(body, maxBody))
	if err != nil {
		return err
	}
	r.job = &submission{bq: new(bq.Job)}
	return decode(b, r.job.bq)
}

// insertUploaded inserts a job; its file goes when the job is not accepted.
func (s *Server) insertUploaded(r *request) (any, error) {
	v, err := s.insertJob(r)
	if err != nil {
		err = errors.Join(err, remove(r.job.media))
	}
	return v, err
}

func remove(name string) error {
	if name == "" {
		return nil
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Server) serveStart(w http.ResponseWriter, r *request) {
	r.call.Method = "upload.start"
	err := s.readJob(r, r.Body)
	if err == nil {
		err = s.describeJob(r)
	}
	if err != nil {
		tell(w, err)
		return
	}
	s.perform(w, r, func(r *request) (any, error) {
		f, err := os.Create(filepath.Join(s.dir, s.name("session-")))
		if err != nil {
			return nil, err
		}
		id := s.name("u")
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions[id] = &upload{job: r.job.bq, file: f, turn: make(chan struct{}, 1)}
		w.Header().Set("Location", fmt.Sprintf("%s%s?uploadType=resumable&upload_id=%s", s.origin, r.URL.Path, id))
		return struct{}{}, nil
	})
}

func (s *Server) serveChunk(w http.ResponseWriter, r *request, id string) {
	s.mu.Lock()
	u, ok := s.sessions[id]
	s.mu.Unlock()
	if !ok {
		tell(w, notFound("Upload session"))
		return
	}
	u.turn <- struct{}{}
	defer func() { <-u.turn }()
	r.job = &submission{bq: u.job, media: u.file.Name()}
	if err := s.describeJob(r); err != nil {
		tell(w, err)
		return
	}
	span, err := parseRange(r.Header.Get("Content-Range"))
	if err != nil {
		tell(w, err)
		return
	}
	if span.total < 0 {
		r.call.Method = "upload.chunk"
	}
	s.perform(w, r, func(r *request) (any, error) {
		if err := u.write(r.Body, span); err != nil {
			return nil, err
		}
		if span.total < 0 || u.size < span.total {
			w.Header().Set("X-HTTP-Status-Code-Override", "308")
			if u.size > 0 {
				w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", u.size-1))
			}
			return struct{}{}, nil
		}
		s.mu.Lock()
		delete(s.sessions, id)
		s.mu.Unlock()
		if err := u.file.Close(); err != nil {
			return nil, err
		}
		return s.insertUploaded(r)
	})
}

// A span is a Content-Range: bytes from first on; total below 0 = more to come.
type span struct{ first, total int64 }

// parseRange reads "bytes 0-99/200", "bytes 0-99/*" and "bytes */200".
func parseRange(h string) (span, error) {
	text, ok := strings.CutPrefix(h, "bytes ")
	part, whole, ok2 := strings.Cut(text, "/")
	sp := span{total: -1}
	var err error
	if whole != "*" {
		_, err = fmt.Sscan(whole, &sp.total)
	}
	if from, _, found := strings.Cut(part, "-"); found && err == nil {
		_, err = fmt.Sscan(from, &sp.first)
	} else {
		sp.first = max(sp.total, 0)
	}
	if !ok || !ok2 || err != nil || sp.first < 0 {
		return span{}, invalid("Content-Range %q", h)
	}
	return sp, nil
}

// write takes a chunk. What the session has already is read over.
func (u *upload) write(body io.Reader, sp span) error {
	if sp.first > u.size {
		return invalid("chunk starts at %d, and %d bytes are there", sp.first, u.size)
	}
	if _, err := io.CopyN(io.Discard, body, u.size-sp.first); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	n, err := io.Copy(u.file, body)
	u.size += n
	return err
}
