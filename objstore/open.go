package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// A StoreCloser is a Store that holds connections or handles until it is
// closed. It may not be used afterwards.
type StoreCloser interface {
	Store
	io.Closer
}

// Config says where objects lie and how to get at them. Everything but URL may
// stay empty; what is not of the URL's scheme is not looked at.
type Config struct {
	// URL is "gs://bucket/prefix", "s3://bucket/prefix", "file:///folder" or a
	// folder's path. Names of objects are relative to it: the prefix is taken
	// as a folder. What follows a bucket's name is taken as it is, unescaped.
	URL string
	// Create makes a folder that does not exist. Without it, such a folder is
	// ErrNoBucket, so that a mistyped one is not taken for an empty one.
	// Buckets are never made.
	Create bool
	// Endpoint is the root of an emulator or of a store that speaks the
	// protocol, such as "http://127.0.0.1:9000"; empty is the cloud's own.
	Endpoint string
	// Anonymous sends no credentials: public buckets.
	Anonymous bool
	Patience  Patience

	// CredentialsFile (a path) or CredentialsJSON (a secret) is the key of a
	// Google service account or another file of Google's credentials. With
	// neither, application default credentials are looked for.
	CredentialsFile, CredentialsJSON string
	// UserProject is the Google project that pays for requests.
	UserProject string

	// Region is the bucket's AWS region; empty is what the environment says,
	// or "us-east-1".
	Region string
	// AccessKeyID, SecretAccessKey and SessionToken (secrets) are credentials
	// of S3. With none, the AWS SDK's default chain is asked.
	AccessKeyID, SecretAccessKey, SessionToken string
	// RequesterPays agrees to pay for requests to buckets of others on S3.
	RequesterPays bool
}

// Open returns the store at c.URL. For buckets no request is sent: whether
// there is such a bucket and one may read it shows on first use. Errors:
// ErrUnauthorized (no credentials found, or not of the right form),
// ErrNoBucket and ErrUnwritable (folders).
func Open(ctx context.Context, c Config) (StoreCloser, error) {
	scheme, rest, ok := strings.Cut(c.URL, "://")
	if !ok {
		return openLocal(c.URL, c.Create)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	switch strings.ToLower(scheme) {
	case "gs":
		return opened(NewGCS(ctx, GCSConfig{
			Bucket: bucket, Prefix: prefix, Endpoint: c.Endpoint, Anonymous: c.Anonymous, Patience: c.Patience,
			CredentialsFile: c.CredentialsFile, CredentialsJSON: c.CredentialsJSON, UserProject: c.UserProject,
		}))
	case "s3":
		return opened(NewS3(ctx, S3Config{
			Bucket: bucket, Prefix: prefix, Endpoint: c.Endpoint, Anonymous: c.Anonymous, Patience: c.Patience,
			Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
			SessionToken: c.SessionToken, RequesterPays: c.RequesterPays,
		}))
	case "file":
		u, err := url.Parse(c.URL)
		if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
			return nil, fmt.Errorf("objstore: open %s: not of the form file:///folder", c.URL)
		}
		return openLocal(u.Path, c.Create)
	}
	return nil, fmt.Errorf("objstore: open %s://: unknown scheme; use gs://, s3://, file:// or a path", scheme)
}

// opened makes a nil pointer a nil interface.
func opened[S StoreCloser](s S, err error) (StoreCloser, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func openLocal(dir string, create bool) (StoreCloser, error) {
	if dir == "" {
		return nil, errors.New("objstore: open: no place given; use gs://bucket, s3://bucket or a folder")
	}
	if !create {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("objstore: open %s: %w: the folder does not exist", dir, ErrNoBucket)
		case err == nil && !info.IsDir():
			return nil, fmt.Errorf("objstore: open %s: %w: it is not a folder", dir, ErrNoBucket)
		}
	}
	return opened(NewLocal(dir))
}
