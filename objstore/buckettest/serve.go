package buckettest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A Range is what of a content a request asks for: bytes Start to End, half-open.
type Range struct {
	Start, End int
	Partial    bool // a range was asked for
}

// ParseRange reads the Range header of a request for a content of size bytes.
// A header that is not of the form bytes=a- or bytes=a-b asks for everything; ok
// is false when nothing of the content is in the range.
func ParseRange(r *http.Request, size int) (rg Range, ok bool) {
	spec, found := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	first, last, _ := strings.Cut(spec, "-")
	start, err := strconv.Atoi(first)
	if !found || err != nil {
		return Range{End: size}, true
	}
	end := size
	if n, err := strconv.Atoi(last); err == nil {
		end = min(size, n+1)
	}
	return Range{Start: start, End: end, Partial: true}, start < end
}

// WriteContent answers with the range of the content. Headers of the object
// are the caller's to set before.
func WriteContent(w http.ResponseWriter, r *http.Request, content []byte, rg Range) {
	status := http.StatusOK
	if rg.Partial {
		status = http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", rg.Start, rg.End-1, len(content)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(rg.End-rg.Start))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(content[rg.Start:rg.End]) // a client that has left is no matter
	}
}
