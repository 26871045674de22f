package objstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"iter"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"
)

// GCSConfig says which bucket of Google Cloud Storage is the store. Config
// describes the fields.
type GCSConfig struct {
	Bucket, Prefix                   string
	Endpoint                         string // "http://host:port"; sends no credentials but those given
	Anonymous                        bool
	CredentialsFile, CredentialsJSON string
	UserProject                      string
	Patience                         Patience
}

// GCS is a Store in a bucket of Google Cloud Storage, below a prefix. Generation
// is the object's generation number, so a new upload of equal content is a new
// one and a change of metadata is not; Updated is when the generation was made;
// Checksum is its CRC32C.
//
// A folder drawn by a tool (an empty object whose name ends in a slash) is not
// listed. Names that Put does not make, such as "a//b", are listed and read.
//
// Rights: storage.objects.list, .get, and for the stage .create and .delete.
type GCS struct {
	place
	client   *storage.Client
	base     *http.Transport
	bucket   *storage.BucketHandle
	patience Patience
}

var _ Store = (*GCS)(nil)

// NewGCS returns the store. It sends no request. Errors: ErrUnauthorized, when
// no credentials are found or they are not of the right form.
func NewGCS(ctx context.Context, c GCSConfig) (*GCS, error) {
	p, err := newPlace("gs", c.Bucket, c.Prefix)
	if err != nil {
		return nil, err
	}
	patience := c.Patience.withDefaults()
	base, transport := newTransport(http.DefaultTransport.(*http.Transport), patience.Idle)
	auth, endpoint := gcsOptions(c)
	transport, err = htransport.NewTransport(ctx, asStored{transport}, auth...)
	if err != nil {
		return nil, fmt.Errorf("objstore: open gs://%s: %w", c.Bucket, gcsCredentials(c, err))
	}
	client, err := storage.NewClient(ctx, append(endpoint, storage.WithJSONReads(), storage.WithDisabledClientMetrics(),
		option.WithHTTPClient(&http.Client{Transport: transport}))...)
	if err != nil {
		return nil, fmt.Errorf("objstore: open gs://%s: %w", c.Bucket, err)
	}
	client.SetRetry(
		storage.WithBackoff(gax.Backoff{Initial: patience.Backoff, Max: longestPause, Multiplier: 2}),
		storage.WithMaxRetryDuration(patience.Retry),
		storage.WithErrorFunc(gcsTransient),
	)
	bucket := client.Bucket(c.Bucket)
	if c.UserProject != "" {
		bucket = bucket.UserProject(c.UserProject)
	}
	return &GCS{place: p, client: client, base: base, bucket: bucket, patience: patience}, nil
}

// gcsOptions returns how to authenticate and where to. STORAGE_EMULATOR_HOST
// is Google's own way to name an endpoint.
func gcsOptions(c GCSConfig) (auth, endpoint []option.ClientOption) {
	root := c.Endpoint
	if root == "" {
		root = os.Getenv("STORAGE_EMULATOR_HOST")
	}
	if root != "" {
		if !strings.Contains(root, "://") {
			root = "http://" + root
		}
		endpoint = append(endpoint, option.WithEndpoint(strings.TrimRight(root, "/")+"/storage/v1/"))
	}
	auth = []option.ClientOption{option.WithScopes(storage.ScopeReadWrite), option.WithUserAgent("tapline")}
	switch {
	case c.Anonymous:
		auth = append(auth, option.WithoutAuthentication())
	case c.CredentialsJSON != "":
		auth = append(auth, option.WithCredentialsJSON([]byte(c.CredentialsJSON))) //nolint:staticcheck // the user's own configuration
	case c.CredentialsFile != "":
		auth = append(auth, option.WithCredentialsFile(c.CredentialsFile)) //nolint:staticcheck // as above
	case root != "":
		auth = append(auth, option.WithoutAuthentication())
	}
	return auth, endpoint
}

// gcsCredentials says which credentials are no good, without what is in them.
func gcsCredentials(c GCSConfig, err error) error {
	switch {
	case c.CredentialsJSON != "":
		return fail("the credentials given are not JSON of a Google service account", ErrUnauthorized)
	case c.CredentialsFile != "":
		return fail("the credentials file "+c.CredentialsFile+" cannot be read, or is not of a Google service account", ErrUnauthorized)
	}
	return fail("no credentials found: give a key file, or run `gcloud auth application-default login`: "+err.Error(), ErrUnauthorized)
}

// Close gives the connections back.
func (g *GCS) Close() error {
	err := g.client.Close()
	g.base.CloseIdleConnections()
	return err
}

// List implements Store. A page of 1,000 objects at a time is in memory.
func (g *GCS) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		q := &storage.Query{Prefix: g.key(prefix), Projection: storage.ProjectionNoACL}
		if err := q.SetAttrSelection([]string{"Name", "Size", "Generation", "Created", "CRC32C"}); err != nil {
			yield(Object{}, fmt.Errorf("objstore: list %s: %w", g.url(prefix), err))
			return
		}
		it := g.bucket.Objects(ctx, q)
		it.PageInfo().MaxSize = 1000
		last := ""
		for {
			a, err := it.Next()
			if errors.Is(err, iterator.Done) {
				return
			}
			if err != nil {
				yield(Object{}, fmt.Errorf("objstore: list %s: %w", g.url(prefix), g.explain(ctx, err, "storage.objects.list")))
				return
			}
			name, ok := g.name(a.Name, a.Size)
			if !ok || name <= last { // pages have been seen that overlap
				continue
			}
			last = name
			if !yield(g.object(name, a), nil) {
				return
			}
		}
	}
}

func (g *GCS) object(name string, a *storage.ObjectAttrs) Object {
	return Object{
		Name: name, URL: g.url(name), Size: a.Size,
		Generation: strconv.FormatInt(a.Generation, 10),
		Checksum:   fmt.Sprintf("crc32c:%08x", a.CRC32C),
		Updated:    a.Created.UTC().Truncate(time.Microsecond),
	}
}

// Open implements Store. Without a generation the newest is looked up first.
func (g *GCS) Open(ctx context.Context, o Object, offset int64) (io.ReadCloser, error) {
	if err := readable(o.Name); err != nil {
		return nil, fmt.Errorf("objstore: open: %w", err)
	}
	r, err := openPinned(o, func() (Object, error) { return g.stat(ctx, o.Name) }, func(o Object) (*resumer, error) {
		gen, err := strconv.ParseInt(o.Generation, 10, 64)
		if err != nil {
			return nil, ErrChanged // a generation of another store
		}
		return newResumer(ctx, g.patience, o.Size, offset, func(ctx context.Context, at int64) (answer, error) {
			return g.connect(ctx, o.Name, gen, at)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", g.url(o.Name), err)
	}
	return &named{r, g.url(o.Name)}, nil
}

func (g *GCS) stat(ctx context.Context, name string) (Object, error) {
	a, err := g.bucket.Object(g.key(name)).Attrs(ctx)
	if err != nil {
		return Object{}, g.explain(ctx, err, "storage.objects.get")
	}
	return g.object(name, a), nil
}

// connect opens a generation at an offset. The generation is a precondition
// and not the address, so that the answer itself tells which one it is of: some
// servers, and most emulators, do not mind the precondition.
func (g *GCS) connect(ctx context.Context, name string, gen, offset int64) (answer, error) {
	attempt, cancel := failing(ctx)
	r, err := g.bucket.Object(g.key(name)).If(storage.Conditions{GenerationMatch: gen}).
		NewRangeReader(attempt, offset, -1)
	if err == nil && r.Attrs.Generation > 0 && r.Attrs.Generation != gen {
		r.Close()
		err = ErrChanged
	}
	if err != nil {
		broken := ctx.Err() == nil && attempt.Err() != nil
		cause := context.Cause(attempt)
		cancel(nil)
		if broken {
			return answer{}, interrupted{cause}
		}
		err = g.explain(ctx, err, "storage.objects.get")
		if errors.Is(err, ErrNotExist) || errors.Is(err, ErrPrecondition) {
			err = ErrChanged
		}
		return g.atEnd(ctx, name, gen, offset, err)
	}
	return answer{
		body: &gcsBody{r, attempt, cancel}, size: r.Attrs.Size,
		sum:  binary.BigEndian.AppendUint32(nil, r.Attrs.CRC32C),
		hash: func() hash.Hash { return crc32.New(castagnoli) },
	}, nil
}

// atEnd makes "no such range" an empty answer: nothing follows the offset.
func (g *GCS) atEnd(ctx context.Context, name string, gen, offset int64, err error) (answer, error) {
	var status *httpStatus
	if !errors.As(err, &status) || status.code != http.StatusRequestedRangeNotSatisfiable {
		return answer{}, err
	}
	o, err := g.stat(ctx, name)
	switch {
	case errors.Is(err, ErrNotExist) || err == nil && o.Generation != strconv.FormatInt(gen, 10):
		return answer{}, ErrChanged
	case err != nil:
		return answer{}, err
	case offset < o.Size:
		return answer{}, interrupted{fmt.Errorf("byte %d of %d was refused", offset, o.Size)}
	}
	return answer{body: http.NoBody, size: o.Size}, nil
}

// asStored asks for contents as they are stored. Google would otherwise unpack
// objects that were uploaded with Content-Encoding: gzip, whose sizes, offsets
// and checksums then fit nothing. Its client offers that for XML reads only.
type asStored struct{ base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t asStored) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && r.URL.Query().Get("alt") == "media" {
		r = r.Clone(r.Context())
		r.Header.Set("Accept-Encoding", "gzip")
	}
	return t.base.RoundTrip(r)
}

type gcsBody struct {
	*storage.Reader
	attempt context.Context //nolint:containedctx // of one connection
	cancel  context.CancelCauseFunc
}

func (b *gcsBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && b.attempt.Err() != nil {
		err = context.Cause(b.attempt)
	}
	return n, err
}

func (b *gcsBody) Close() error {
	err := b.Reader.Close()
	b.cancel(nil)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
