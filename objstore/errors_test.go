package objstore_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
)

// everything calls each method and returns its error under its name.
func everything(t *testing.T, s objstore.Store) map[string]error {
	t.Helper()
	errs := map[string]error{}
	for _, err := range s.List(t.Context(), "") {
		errs["List"] = err
	}
	_, errs["Open"] = s.Open(t.Context(), objstore.Object{Name: "a"}, 0)
	_, errs["Put"] = s.Put(t.Context(), "a", objstore.Precondition{}, content("x"))
	errs["Remove"] = s.Remove(t.Context(), "a")
	return errs
}

func TestErrNoBucket(t *testing.T) {
	for scheme, srv := range map[string]*buckettest.Server{
		"gs": gcstest.NewServer(t, gcstest.Options{}, "another"), "s3": s3test.NewServer(t, s3test.Options{}, "another"),
	} {
		c := s3Keys
		c.URL = scheme + "://bucket"
		for op, err := range everything(t, bucketStore(t, srv, c)) {
			if !errors.Is(err, objstore.ErrNoBucket) {
				t.Errorf("%s: %s = %v, want ErrNoBucket", scheme, op, err)
			}
		}
	}
}

func TestErrUnauthorized(t *testing.T) {
	clouds(t, hasty, func(t *testing.T, c cloud) {
		c.Fail(nil, -1, buckettest.Fault{Kind: buckettest.Refused, Text: "no such right"})
		errs := everything(t, c.store)
		for op, err := range errs {
			if !errors.Is(err, objstore.ErrUnauthorized) {
				t.Errorf("%s = %v, want ErrUnauthorized", op, err)
			}
		}
		if !errors.Is(errs["Put"], objstore.ErrUnwritable) {
			t.Errorf("Put = %v, want ErrUnwritable as well", errs["Put"])
		}
		if text := errs["List"].Error(); !strings.Contains(text, "storage.objects.list") && !strings.Contains(text, "s3:ListBucket") {
			t.Errorf("List = %s, want the right that is missing", text)
		}
	})
}

func TestErrUnauthorizedOfCredentials(t *testing.T) {
	g := gcstest.NewServer(t, gcstest.Options{Token: "needed"}, "bucket")
	for op, err := range everything(t, bucketStore(t, g, objstore.Config{URL: "gs://bucket"})) {
		if !errors.Is(err, objstore.ErrUnauthorized) {
			t.Errorf("gs: %s = %v, want ErrUnauthorized", op, err)
		}
	}
	const canary = "CANARY-KEY"
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	_, err := objstore.Open(t.Context(), objstore.Config{URL: "gs://bucket", CredentialsJSON: `{"private_key": "` + canary + `"`})
	if !errors.Is(err, objstore.ErrUnauthorized) || strings.Contains(err.Error(), canary) {
		t.Errorf("Open with broken credentials = %v, want ErrUnauthorized without them", err)
	}
	s := s3test.NewServer(t, s3test.Options{AccessKeyID: "ANOTHER"}, "bucket")
	for op, err := range everything(t, bucketStore(t, s, s3Keys)) {
		if !errors.Is(err, objstore.ErrUnauthorized) {
			t.Errorf("s3: %s = %v, want ErrUnauthorized", op, err)
		}
		if strings.Contains(err.Error(), s3Keys.SecretAccessKey) || strings.Contains(err.Error(), "Signature") {
			t.Errorf("s3: %s tells too much: %v", op, err)
		}
	}
}

func TestErrUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + l.Addr().String()
	l.Close() // nobody listens there now
	for _, scheme := range []string{"gs", "s3"} {
		c := s3Keys
		c.URL, c.Endpoint = scheme+"://bucket", endpoint
		c.Patience = objstore.Patience{Retry: 20 * time.Millisecond, Backoff: time.Millisecond}
		s, err := objstore.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for op, err := range everything(t, s) {
			if !errors.Is(err, objstore.ErrUnreachable) || strings.Contains(err.Error(), "upload") {
				t.Errorf("%s: %s = %v, want ErrUnreachable and no URL of a request", scheme, op, err)
			}
		}
		s.Close()
	}
}

func TestRequesterPays(t *testing.T) {
	g := gcstest.NewServer(t, gcstest.Options{RequesterPays: true}, "bucket")
	s := s3test.NewServer(t, s3test.Options{RequesterPays: true}, "bucket")
	payer := s3Keys
	payer.URL, payer.RequesterPays = "s3://bucket", true
	for _, store := range []objstore.Store{
		bucketStore(t, g, objstore.Config{URL: "gs://bucket", UserProject: "billed"}), bucketStore(t, s, payer),
	} {
		for op, err := range everything(t, store) {
			if err != nil && !errors.Is(err, objstore.ErrNotExist) {
				t.Errorf("%T: %s = %v", store, op, err)
			}
		}
	}
	if err := everything(t, bucketStore(t, g, objstore.Config{URL: "gs://bucket"}))["List"]; err == nil || !strings.Contains(err.Error(), "requester pays") {
		t.Errorf("List without a payer = %v, want that one is needed", err)
	}
}

func TestOpenErrors(t *testing.T) {
	for url, want := range map[string]string{
		"":                      "no place",
		"http://host/bucket":    "unknown scheme",
		"gs://":                 "not a bucket's name",
		"gs:///folder":          "not a bucket's name",
		"s3://a b":              "not a bucket's name",
		"file://host/folder":    "not of the form",
		"/nothing/of/this/name": "does not exist",
	} {
		if s, err := objstore.Open(t.Context(), objstore.Config{URL: url}); err == nil {
			s.Close()
			t.Errorf("Open(%q) gave a store", url)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, want %q in it", url, err, want)
		}
	}
}

func TestOpenLocal(t *testing.T) {
	dir := t.TempDir() + "/some where"
	if _, err := objstore.Open(t.Context(), objstore.Config{URL: dir}); !errors.Is(err, objstore.ErrNoBucket) {
		t.Errorf("Open of no folder = %v, want ErrNoBucket", err)
	}
	for _, url := range []string{dir, "file://" + strings.ReplaceAll(dir, " ", "%20")} {
		s, err := objstore.Open(t.Context(), objstore.Config{URL: url, Create: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Put(t.Context(), "a", objstore.Precondition{}, content("x")); err != nil {
			t.Error(err)
		}
		for o := range s.List(t.Context(), "") {
			if o.Path != dir+"/a" {
				t.Errorf("%s holds %s", url, o.Path)
			}
		}
		s.Close()
	}
}
