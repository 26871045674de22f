package gcstest

import (
	"net/http"
	"strconv"

	"tapline/objstore/buckettest"
)

// pageSize is the most objects a listing's page holds.
const pageSize = 1000

func (p *protocol) list(w http.ResponseWriter, r *http.Request, bucket string) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("maxResults"))
	if err != nil || limit <= 0 || limit > pageSize {
		limit = pageSize
	}
	page, more, err := p.state.List(bucket, q.Get("prefix"), q.Get("pageToken"), limit)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	items := make([]any, len(page))
	for i, o := range page {
		items[i] = resource(bucket, o)
	}
	answer := map[string]any{"kind": "storage#objects", "items": items}
	if more {
		answer["nextPageToken"] = page[len(page)-1].Name
	}
	write(w, http.StatusOK, answer)
}

func (p *protocol) stat(w http.ResponseWriter, r *http.Request, bucket, name string) {
	if o := p.object(w, r, bucket, name); o != nil {
		write(w, http.StatusOK, resource(bucket, o))
	}
}

// object finds what a request to read is about, or answers that it may not.
func (p *protocol) object(w http.ResponseWriter, r *http.Request, bucket, name string) *buckettest.Object {
	q := r.URL.Query()
	when, err := condition(q)
	if err != nil {
		p.fail(w, r, err)
		return nil
	}
	o, err := p.state.Get(bucket, name)
	if err == nil {
		switch want := q.Get("generation"); {
		case want != "" && want != strconv.FormatInt(o.Generation, 10):
			err = buckettest.ErrNoObject
		case when != nil && !when(o):
			err = buckettest.ErrPrecondition
		}
	}
	if err != nil {
		p.fail(w, r, err)
		return nil
	}
	return o
}

func (p *protocol) read(w http.ResponseWriter, r *http.Request, bucket, name string) {
	o := p.object(w, r, bucket, name)
	if o == nil {
		return
	}
	rg, ok := buckettest.ParseRange(r, len(o.Content))
	if !ok {
		p.Refuse(w, r, http.StatusRequestedRangeNotSatisfiable, "Request range not satisfiable")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Goog-Generation", strconv.FormatInt(o.Generation, 10))
	h.Set("X-Goog-Metageneration", "1")
	h.Set("X-Goog-Hash", "crc32c="+crc(o))
	h.Set("X-Goog-Stored-Content-Length", strconv.Itoa(len(o.Content)))
	h.Set("Last-Modified", o.Created.Format(http.TimeFormat))
	if o.Encoding != "" {
		h.Set("Content-Encoding", o.Encoding)
		h.Set("X-Goog-Stored-Content-Encoding", o.Encoding)
	}
	buckettest.WriteContent(w, r, o.Content, rg)
}

func (p *protocol) remove(w http.ResponseWriter, r *http.Request, bucket, name string) {
	when, err := condition(r.URL.Query())
	if err == nil {
		err = p.state.Remove(bucket, name, when)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
