//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// files are the files of a load on this machine's disk.
type files struct {
	names    []string
	size     int64 // bytes
	wildcard bool
	lacking  []string // columns of the job's schema that the files do not have
}

func (f *files) remove() {
	for _, n := range f.names {
		_ = os.Remove(n) // the folder goes with the server
	}
}

// fetch has the files of a load: the one that was uploaded, or those of its
// URIs. What it returns is to be removed even after an error.
func (s *Server) fetch(ctx context.Context, c *bq.JobConfigurationLoad, media string) (*files, error) {
	f := &files{}
	if media != "" {
		f.names = []string{media}
		info, err := os.Stat(media)
		if err == nil {
			f.size = info.Size()
		}
		return f, err
	}
	if len(c.SourceUris) == 0 {
		return f, invalid("Required parameter is missing: sourceUris")
	}
	for _, uri := range c.SourceUris {
		if err := s.fetchURI(ctx, f, uri); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (s *Server) fetchURI(ctx context.Context, f *files, uri string) error {
	rest, ok := strings.CutPrefix(uri, "gs://")
	bucket, object, found := strings.Cut(rest, "/")
	if !ok || !found || bucket == "" || object == "" {
		return invalid("Source URI must be a Google Cloud Storage location: %s", uri)
	}
	if strings.Contains(bucket, "*") || strings.Count(object, "*") > 1 {
		return invalid("Invalid wildcard in source URI %s: one * after the bucket's name", uri)
	}
	if strings.Contains(object, "#") {
		return notFound("URI %s", uri)
	}
	if s.opt.Storage == "" {
		return refuse(http.StatusForbidden, "accessDenied", "Access Denied: File %s: Access Denied", uri)
	}
	names := []string{object}
	if strings.Contains(object, "*") {
		f.wildcard = true
		var err error
		if names, err = s.listObjects(ctx, bucket, object); err != nil {
			return err
		}
		if len(names) == 0 {
			return notFound("URI %s", uri)
		}
	}
	for _, name := range names {
		if err := s.download(ctx, f, bucket, name); err != nil {
			return err
		}
	}
	return nil
}

// download copies an object to the disk.
func (s *Server) download(ctx context.Context, f *files, bucket, name string) error {
	resp, err := s.storage(ctx, bucket, "/"+url.PathEscape(name)+"?alt=media")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	uri := "gs://" + bucket + "/" + name
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return notFound("URI %s", uri)
	case http.StatusForbidden, http.StatusUnauthorized:
		return refuse(http.StatusForbidden, "accessDenied", "Access Denied: File %s: Access Denied", uri)
	default:
		return refuse(http.StatusServiceUnavailable, "backendError", "Error while reading %s: %s", uri, resp.Status)
	}
	out, err := os.CreateTemp(s.dir, "object-")
	if err != nil {
		return err
	}
	f.names = append(f.names, out.Name())
	n, err := io.Copy(out, resp.Body)
	f.size += n
	return errors.Join(err, out.Close())
}

func (s *Server) storage(ctx context.Context, bucket, rest string) (*http.Response, error) {
	at := strings.TrimSuffix(s.opt.Storage, "/") + "/storage/v1/b/" + url.PathEscape(bucket) + "/o" + rest
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// listObjects lists the objects that a URI with one * matches.
func (s *Server) listObjects(ctx context.Context, bucket, pattern string) ([]string, error) {
	prefix, suffix, _ := strings.Cut(pattern, "*")
	var names []string
	for token := ""; ; {
		q := url.Values{"prefix": {prefix}}
		if token != "" {
			q.Set("pageToken", token)
		}
		resp, err := s.storage(ctx, bucket, "?"+q.Encode())
		if err != nil {
			return nil, err
		}
		var page struct {
			Items         []struct{ Name string }
			NextPageToken string
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		err = errors.Join(err, resp.Body.Close())
		if resp.StatusCode != http.StatusOK || err != nil {
			return nil, notFound("Bucket %s (%s)", bucket, resp.Status)
		}
		for _, o := range page.Items {
			if len(o.Name) >= len(prefix)+len(suffix) && strings.HasSuffix(o.Name, suffix) {
				names = append(names, o.Name)
			}
		}
		if token = page.NextPageToken; token == "" {
			slices.Sort(names)
			return names, nil
		}
	}
}
