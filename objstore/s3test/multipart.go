package s3test

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tapline/objstore/buckettest"
)

// upload is a multipart upload. Nothing of it is seen before it is complete.
type upload struct {
	metadata map[string]string
	parts    map[int][]byte
	made     *buckettest.Object // when complete: asked again, the answer is the same
}

func (p *protocol) multipart(w http.ResponseWriter, r *http.Request, bucket, key string) {
	q := r.URL.Query()
	if q.Has("uploads") {
		p.begin(w, r, bucket, key)
		return
	}
	b, err := body(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := q.Get("uploadId")
	u := p.uploads[id]
	switch {
	case u == nil:
		p.refuse(w, r, http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist.")
	case r.Method == http.MethodDelete:
		delete(p.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost:
		p.complete(w, r, bucket, key, u, b)
	default:
		n, err := strconv.Atoi(q.Get("partNumber"))
		if err != nil || n < 1 || n > 10_000 {
			p.refuse(w, r, http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000")
			return
		}
		u.parts[n] = b
		w.Header().Set("ETag", quoted(hash(b)))
		w.WriteHeader(http.StatusOK)
	}
}

func hash(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func (p *protocol) begin(w http.ResponseWriter, r *http.Request, bucket, key string) {
	if !p.state.HasBucket(bucket) {
		p.fail(w, r, buckettest.ErrNoBucket)
		return
	}
	id := rand.Text()
	p.mu.Lock()
	p.uploads[id] = &upload{metadata: metadata(r), parts: map[int][]byte{}}
	p.mu.Unlock()
	type answer struct {
		XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string   //nolint:revive // Amazon's name
	}
	write(w, http.StatusOK, answer{Bucket: bucket, Key: key, UploadId: id})
}

// smallest is the size that every part but the last must have.
const smallest = 5 << 20

// complete joins the parts that the body lists. The caller holds mu.
func (p *protocol) complete(w http.ResponseWriter, r *http.Request, bucket, key string, u *upload, list []byte) {
	var asked struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(list, &asked); err != nil {
		p.refuse(w, r, http.StatusBadRequest, "MalformedXML", err.Error())
		return
	}
	if u.made == nil {
		o := buckettest.Object{Name: key, Metadata: u.metadata}
		var sums []byte
		for i, part := range asked.Part {
			b, ok := u.parts[part.PartNumber]
			if !ok || strings.Trim(part.ETag, `"`) != hash(b) {
				p.refuse(w, r, http.StatusBadRequest, "InvalidPart", fmt.Sprintf("part %d is not there", part.PartNumber))
				return
			}
			if i < len(asked.Part)-1 && len(b) < smallest {
				p.refuse(w, r, http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
				return
			}
			sum := md5.Sum(b)
			sums = append(sums, sum[:]...)
			o.Content = append(o.Content, b...)
		}
		o.ETag = fmt.Sprintf("%s-%d", hash(sums), len(asked.Part))
		made, err := p.state.PutIf(bucket, o, condition(r))
		if err != nil {
			p.fail(w, r, err)
			return
		}
		u.made, u.parts = made, nil
	}
	type answer struct {
		XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}
	write(w, http.StatusOK, answer{Bucket: bucket, Key: key, ETag: quoted(u.made.ETag)})
}
