package s3test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tapline/objstore/buckettest"
)

// pageSize is the most objects a listing's page holds.
const pageSize = 1000

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	KeyCount, MaxKeys     int
	IsTruncated           bool
	EncodingType          string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	Contents              []content
}

type content struct {
	Key, ETag, LastModified, StorageClass string
	Size                                  int
}

func (p *protocol) list(w http.ResponseWriter, r *http.Request, bucket string) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil || limit <= 0 || limit > pageSize {
		limit = pageSize
	}
	page, more, err := p.state.List(bucket, q.Get("prefix"), q.Get("continuation-token"), limit)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	answer := listing{
		Name: bucket, Prefix: q.Get("prefix"), KeyCount: len(page), MaxKeys: limit, IsTruncated: more,
		EncodingType: q.Get("encoding-type"), Contents: make([]content, len(page)),
	}
	for i, o := range page {
		key := o.Name
		if answer.EncodingType == "url" {
			key = url.QueryEscape(key)
		}
		answer.Contents[i] = content{
			Key: key, ETag: quoted(o.ETag), Size: len(o.Content), StorageClass: "STANDARD",
			LastModified: o.Created.Format(time.RFC3339Nano),
		}
	}
	if more {
		answer.NextContinuationToken = page[len(page)-1].Name
	}
	write(w, http.StatusOK, answer)
}

func (p *protocol) read(w http.ResponseWriter, r *http.Request, bucket, key string) {
	o, err := p.state.Get(bucket, key)
	if when := condition(r); err == nil && when != nil && !when(o) {
		err = buckettest.ErrPrecondition
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	rg, ok := buckettest.ParseRange(r, len(o.Content))
	if !ok {
		p.refuse(w, r, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("ETag", quoted(o.ETag))
	h.Set("Last-Modified", o.Created.Format(http.TimeFormat))
	if o.Encoding != "" {
		h.Set("Content-Encoding", o.Encoding)
	}
	for k, v := range o.Metadata {
		h.Set("X-Amz-Meta-"+k, v)
	}
	buckettest.WriteContent(w, r, o.Content, rg)
}

var errDigest = errors.New("the Content-MD5 you specified did not match what we received")

// body reads a request's content and compares it with its Content-MD5.
func body(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("IncompleteBody: %w", err)
	}
	sum := md5.Sum(b)
	if want := r.Header.Get("Content-MD5"); want != "" && want != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, errDigest
	}
	return b, nil
}

func metadata(r *http.Request) map[string]string {
	m := map[string]string{}
	for k, v := range r.Header {
		if name, ok := strings.CutPrefix(k, "X-Amz-Meta-"); ok {
			m[strings.ToLower(name)] = v[0]
		}
	}
	return m
}

func (p *protocol) put(w http.ResponseWriter, r *http.Request, bucket, key string) {
	b, err := body(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	o, err := p.state.PutIf(bucket, buckettest.Object{
		Name: key, Content: b, Metadata: metadata(r), Encoding: r.Header.Get("Content-Encoding"),
	}, condition(r))
	if errors.Is(err, buckettest.ErrPrecondition) && r.Header.Get("If-Match") != "" {
		if _, e := p.state.Get(bucket, key); errors.Is(e, buckettest.ErrNoObject) {
			err = e // Amazon's answer where there is nothing to match
		}
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", quoted(o.ETag))
	w.WriteHeader(http.StatusOK)
}

func (p *protocol) remove(w http.ResponseWriter, r *http.Request, bucket, key string) {
	err := p.state.Remove(bucket, key, condition(r))
	if err != nil && !errors.Is(err, buckettest.ErrNoObject) {
		p.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
