package objstore

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
)

// S3Config says which bucket of Amazon S3, or of a store that speaks its
// protocol, is the store. Config describes the fields.
type S3Config struct {
	Bucket, Prefix                             string
	Endpoint                                   string // "https://host:port"; addresses buckets by path
	Region                                     string
	AccessKeyID, SecretAccessKey, SessionToken string
	Anonymous                                  bool
	RequesterPays                              bool
	Patience                                   Patience
}

// S3 is a Store in a bucket of S3, below a prefix. Generation is the object's
// ETag and size, for a listing tells no version; so it changes with the content,
// and an upload of equal content may keep it. Updated has whole seconds.
// Checksum is the MD5 where the ETag is one: of uploads in one part. Reads check
// it but in buckets encrypted with keys of one's own, whose ETags are no MD5.
//
// A folder drawn by a tool (an empty object whose name ends in a slash) is not
// listed. Names that Put does not make, such as "a//b", are listed and read.
//
// Put's preconditions are If-None-Match and If-Match. Stores other than Amazon's
// that do not know them replace unconditionally: a stage that two processes
// share needs a store that does. Directory buckets, whose listings have no
// order, are refused by List.
//
// Rights: s3:ListBucket, s3:GetObject, and for the stage s3:PutObject,
// s3:AbortMultipartUpload and s3:DeleteObject.
type S3 struct {
	place
	client   *s3.Client
	base     *http.Transport
	creds    aws.CredentialsProvider // nil = anonymous
	payer    types.RequestPayer
	patience Patience
}

var _ Store = (*S3)(nil)

// NewS3 returns the store. It sends no request. Errors: ErrUnauthorized, when
// the environment's AWS configuration cannot be read.
func NewS3(ctx context.Context, c S3Config) (*S3, error) {
	p, err := newPlace("s3", c.Bucket, c.Prefix)
	if err != nil {
		return nil, err
	}
	patience := c.Patience.withDefaults()
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // it would write to stderr
		// Other stores refuse the checksums that the SDK sends by itself.
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	switch {
	case c.Anonymous:
		load = append(load, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case c.AccessKeyID != "" || c.SecretAccessKey != "":
		load = append(load, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)))
	}
	if c.Region != "" {
		load = append(load, config.WithRegion(c.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("objstore: open s3://%s: %w", c.Bucket, fail("the AWS configuration: "+err.Error(), ErrUnauthorized))
	}
	base := http.DefaultTransport.(*http.Transport)
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok { // as the environment wants it: AWS_CA_BUNDLE
		base = b.GetTransport()
	}
	base, transport := newTransport(base, patience.Idle)
	s := &S3{place: p, base: base, patience: patience, client: newS3Client(cfg, c.Endpoint, transport)}
	if !c.Anonymous {
		s.creds = cfg.Credentials
	}
	if c.RequesterPays {
		s.payer = types.RequestPayerRequester
	}
	return s, nil
}

func newS3Client(cfg aws.Config, endpoint string, transport http.RoundTripper) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.HTTPClient = &http.Client{Transport: transport}
		o.Retryer = aws.NopRetryer{} // see try
		if o.Region == "" {
			o.Region = "us-east-1"
		}
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
			o.UsePathStyle = true
		}
		o.ContinueHeaderThresholdBytes = -1 // not every store knows Expect
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// Close gives the connections back.
func (s *S3) Close() error {
	s.base.CloseIdleConnections()
	return nil
}

// List implements Store. A page of 1,000 objects at a time is in memory.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		in := &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: aws.String(s.key(prefix)), RequestPayer: s.payer,
			EncodingType: types.EncodingTypeUrl, // XML cannot carry every name
		}
		last := ""
		for {
			page, err := s.page(ctx, in, &last)
			if err != nil {
				yield(Object{}, fmt.Errorf("objstore: list %s: %w", s.url(prefix), err))
				return
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
			if in.ContinuationToken == nil {
				return
			}
		}
	}
}

// page asks for the next page and makes in ask for the one after it. last is
// the key before.
func (s *S3) page(ctx context.Context, in *s3.ListObjectsV2Input, last *string) ([]Object, error) {
	var out *s3.ListObjectsV2Output
	err := s.try(ctx, "s3:ListBucket", func() (err error) {
		out, err = s.client.ListObjectsV2(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	page := make([]Object, 0, len(out.Contents))
	for _, c := range out.Contents {
		key := aws.ToString(c.Key)
		if out.EncodingType == types.EncodingTypeUrl {
			if key, err = url.QueryUnescape(key); err != nil {
				return nil, fmt.Errorf("the name %q: %w", aws.ToString(c.Key), err)
			}
		}
		if key < *last {
			return nil, fmt.Errorf("%q comes after %q: a listing without order, as of a directory bucket, cannot be used", key, *last)
		}
		if name, ok := s.name(key, aws.ToInt64(c.Size)); ok && key > *last {
			page = append(page, s.object(name, aws.ToString(c.ETag), aws.ToInt64(c.Size), aws.ToTime(c.LastModified)))
		}
		*last = key
	}
	in.ContinuationToken = nil
	if aws.ToBool(out.IsTruncated) {
		if in.ContinuationToken = out.NextContinuationToken; in.ContinuationToken == nil {
			return nil, errors.New("the listing is cut, and nothing says where it goes on")
		}
	}
	return page, nil
}

func (s *S3) object(name, etag string, size int64, updated time.Time) Object {
	etag = strings.Trim(etag, `"`)
	o := Object{
		Name: name, URL: s.url(name), Size: size,
		Generation: etag + ":" + strconv.FormatInt(size, 10), Updated: updated.UTC().Truncate(time.Second),
	}
	if sum := md5OfETag(etag); sum != nil {
		o.Checksum = "md5:" + hex.EncodeToString(sum)
	}
	return o
}

// md5OfETag is the MD5 that an ETag without quotes is, nil if it is none.
func md5OfETag(etag string) []byte {
	sum, err := hex.DecodeString(etag)
	if err != nil || len(sum) != md5.Size {
		return nil
	}
	return sum
}

// etagOf is the ETag, without quotes, that a generation is made of.
func etagOf(generation string) (string, bool) {
	i := strings.LastIndexByte(generation, ':')
	if i <= 0 {
		return "", false
	}
	return generation[:i], true
}

// Open implements Store. Without a generation the newest is looked up first.
func (s *S3) Open(ctx context.Context, o Object, offset int64) (io.ReadCloser, error) {
	if err := readable(o.Name); err != nil {
		return nil, fmt.Errorf("objstore: open: %w", err)
	}
	stat := func() (Object, error) {
		newest, _, err := s.stat(ctx, o.Name)
		return newest, err
	}
	r, err := openPinned(o, stat, func(o Object) (*resumer, error) {
		etag, ok := etagOf(o.Generation)
		if !ok {
			return nil, ErrChanged // a generation of another store
		}
		return newResumer(ctx, s.patience, o.Size, offset, func(ctx context.Context, at int64) (answer, error) {
			return s.connect(ctx, o.Name, etag, at)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("objstore: open %s: %w", s.url(o.Name), err)
	}
	return &named{r, s.url(o.Name)}, nil
}

// stat asks for the newest generation, and its metadata.
func (s *S3) stat(ctx context.Context, name string) (Object, map[string]string, error) {
	var out *s3.HeadObjectOutput
	err := s.try(ctx, "s3:GetObject (and s3:ListBucket, to be told that there is none)", func() (err error) {
		out, err = s.client.HeadObject(ctx, &s3.HeadObjectInput{
			Bucket: &s.bucket, Key: aws.String(s.key(name)), RequestPayer: s.payer,
		})
		return err
	})
	if errors.Is(err, ErrNotExist) { // HEAD has no body to say what does not exist
		bucket := s.try(ctx, "s3:ListBucket", func() error {
			_, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
			return err
		})
		if errors.Is(bucket, ErrNotExist) {
			err = fail("s3://"+s.bucket, ErrNoBucket)
		}
	}
	if err != nil {
		return Object{}, nil, err
	}
	return s.object(name, aws.ToString(out.ETag), aws.ToInt64(out.ContentLength), aws.ToTime(out.LastModified)), out.Metadata, nil
}

// connect opens a generation at an offset. The answer's ETag is compared too:
// some servers do not mind If-Match.
func (s *S3) connect(ctx context.Context, name, etag string, offset int64) (answer, error) {
	in := &s3.GetObjectInput{
		Bucket: &s.bucket, Key: aws.String(s.key(name)), IfMatch: aws.String(strconv.Quote(etag)), RequestPayer: s.payer,
	}
	if offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	var out *s3.GetObjectOutput
	err := s.try(ctx, "s3:GetObject", func() (err error) {
		out, err = s.client.GetObject(ctx, in)
		return err
	})
	var status *httpStatus
	switch {
	case errors.Is(err, ErrNotExist) || errors.Is(err, ErrPrecondition):
		return answer{}, ErrChanged
	case errors.As(err, &status) && status.code == http.StatusRequestedRangeNotSatisfiable:
		return s.atEnd(ctx, name, etag, offset)
	case err != nil:
		return answer{}, err
	}
	a := answer{body: out.Body, size: aws.ToInt64(out.ContentLength)}
	if got := strings.Trim(aws.ToString(out.ETag), `"`); got != etag {
		a.body.Close()
		return answer{}, ErrChanged
	}
	if offset > 0 {
		total := aws.ToString(out.ContentRange)
		if a.size, err = strconv.ParseInt(total[strings.LastIndexByte(total, '/')+1:], 10, 64); err != nil {
			a.body.Close()
			return answer{}, fmt.Errorf("the store answers a range of bytes with Content-Range %q", total)
		}
	}
	if a.sum = s3Sum(out, etag); a.sum != nil {
		a.hash = func() hash.Hash { return md5.New() }
	}
	return a, nil
}

// s3Sum is the MD5 of an answer's object, nil when the store tells none: ETags
// of what is encrypted with keys of one's own look like one.
func s3Sum(out *s3.GetObjectOutput, etag string) []byte {
	switch out.ServerSideEncryption {
	case "", types.ServerSideEncryptionAes256:
		if out.SSECustomerAlgorithm == nil {
			return md5OfETag(etag)
		}
	}
	return nil
}

// atEnd makes "no such range" an empty answer: nothing follows the offset.
func (s *S3) atEnd(ctx context.Context, name, etag string, offset int64) (answer, error) {
	o, _, err := s.stat(ctx, name)
	at, _ := etagOf(o.Generation)
	switch {
	case errors.Is(err, ErrNotExist) || err == nil && at != etag:
		return answer{}, ErrChanged
	case err != nil:
		return answer{}, err
	case offset < o.Size:
		return answer{}, interrupted{fmt.Errorf("byte %d of %d was refused", offset, o.Size)}
	}
	return answer{body: http.NoBody, size: o.Size}, nil
}
