package objstore

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// s3Part is the size of a part of an upload, and the most that is sent in
	// one; larger for objects that would have more than s3Parts.
	s3Part  = 16 << 20
	s3Parts = 10_000
)

// Put implements Store. What is written goes to a temporary file first, so that
// it can be sent again and nothing of a failed write is; large ones are sent in
// parts. What a process that died left of an upload is never seen, but costs
// until a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) removes
// it. Right: s3:PutObject.
func (s *S3) Put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (Object, error) {
	if err := writable(name); err != nil {
		return Object{}, fmt.Errorf("objstore: put: %w", err)
	}
	o, err := s.put(ctx, name, when, write)
	if err != nil {
		return Object{}, fmt.Errorf("objstore: put %s: %w", s.url(name), err)
	}
	return o, nil
}

func (s *S3) put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (_ Object, err error) {
	if err := ctx.Err(); err != nil {
		return Object{}, err
	}
	u := &s3Upload{S3: s, name: name, mine: rand.Text()}
	if when.Absent {
		u.ifNoneMatch = aws.String("*")
	} else if when.Generation != "" {
		etag, ok := etagOf(when.Generation)
		if !ok {
			return Object{}, ErrPrecondition // a generation of another store
		}
		u.ifMatch = aws.String(strconv.Quote(etag))
	}
	f, err := os.CreateTemp("", "tapline-put-*")
	if err != nil {
		return Object{}, mark(err)
	}
	defer func() {
		if e := errors.Join(f.Close(), os.Remove(f.Name())); e != nil && err == nil {
			err = e
		}
	}()
	if err := write(fileWriter{f}); err != nil {
		return Object{}, err
	}
	if u.size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return Object{}, err
	}
	if u.size <= s3Part {
		err = u.whole(ctx, f)
	} else {
		err = u.parts(ctx, f)
	}
	return u.settle(ctx, err)
}

// s3Upload is one Put.
type s3Upload struct {
	*S3
	name                 string
	ifMatch, ifNoneMatch *string
	size                 int64
	mine                 string // marks the object as this Put's
	etag                 string // of the object made
	doubt                bool   // a try failed so that it may have taken effect
}

// publish tries a call that makes the object.
func (u *s3Upload) publish(ctx context.Context, call func() error) error {
	return u.try(ctx, "s3:PutObject", func() error {
		err := call()
		u.doubt = u.doubt || err != nil && s3Transient(err) && !s3Refused(err)
		return err
	})
}

func (u *s3Upload) whole(ctx context.Context, f *os.File) error {
	sum, err := md5Of(f, 0, u.size)
	if err != nil {
		return err
	}
	return u.publish(ctx, func() error {
		out, err := u.client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &u.bucket, Key: aws.String(u.key(u.name)), RequestPayer: u.payer,
			Body: io.NewSectionReader(f, 0, u.size), ContentLength: &u.size, ContentMD5: &sum,
			Metadata: map[string]string{putKey: u.mine}, IfMatch: u.ifMatch, IfNoneMatch: u.ifNoneMatch,
		})
		if err == nil {
			u.etag = aws.ToString(out.ETag)
		}
		return err
	})
}

// parts sends a large object. It is seen when it is complete, and then whole.
func (u *s3Upload) parts(ctx context.Context, f *os.File) (err error) {
	key := aws.String(u.key(u.name))
	var begun *s3.CreateMultipartUploadOutput
	err = u.try(ctx, "s3:PutObject", func() (err error) {
		begun, err = u.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: &u.bucket, Key: key, RequestPayer: u.payer, Metadata: map[string]string{putKey: u.mine},
		})
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		if err == nil || u.doubt {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		// Best effort: what stays is never seen.
		_, _ = u.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
			Bucket: &u.bucket, Key: key, UploadId: begun.UploadId, RequestPayer: u.payer,
		})
	}()
	var made []types.CompletedPart
	size := max(s3Part, u.size/(s3Parts-1))
	for n, at := int32(1), int64(0); at < u.size; n, at = n+1, at+size {
		etag, err := u.part(ctx, f, begun.UploadId, n, at, min(size, u.size-at))
		if err != nil {
			return err
		}
		made = append(made, types.CompletedPart{ETag: etag, PartNumber: aws.Int32(n)})
	}
	return u.publish(ctx, func() error {
		out, err := u.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &u.bucket, Key: key, UploadId: begun.UploadId, RequestPayer: u.payer,
			IfMatch: u.ifMatch, IfNoneMatch: u.ifNoneMatch,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: made},
		})
		if err == nil {
			u.etag = aws.ToString(out.ETag)
		}
		return err
	})
}

func (u *s3Upload) part(ctx context.Context, f *os.File, id *string, n int32, at, size int64) (etag *string, err error) {
	sum, err := md5Of(f, at, size)
	if err != nil {
		return nil, err
	}
	err = u.try(ctx, "s3:PutObject", func() error {
		out, err := u.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &u.bucket, Key: aws.String(u.key(u.name)), UploadId: id, PartNumber: &n, RequestPayer: u.payer,
			Body: io.NewSectionReader(f, at, size), ContentLength: &size, ContentMD5: &sum,
		})
		if err == nil {
			etag = out.ETag
		}
		return err
	})
	return etag, err
}

// md5Of is the Content-MD5 of a piece of a file: the server refuses what
// differs from it.
func md5Of(f *os.File, at, size int64) (string, error) {
	h := md5.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, at, size)); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}

// settle says what became of the write. The answer to a try that took effect
// may be lost; the next then finds the precondition broken, by ourselves. Of an
// upload in parts some stores tell another ETag than they have afterwards, so
// they are asked.
func (u *s3Upload) settle(ctx context.Context, err error) (Object, error) {
	switch {
	case err == nil && ctx.Err() == nil && u.etag != "" && u.size <= s3Part:
		return u.object(u.name, u.etag, u.size, time.Now()), nil // the store has compared the checksums
	case err == nil:
	case errors.Is(err, ErrUnauthorized):
		return Object{}, fmt.Errorf("%w: %w", ErrUnwritable, err)
	case errors.Is(err, ErrNotExist): // nothing there to match
		err = ErrPrecondition
	}
	if ctx.Err() != nil || err != nil && !u.doubt {
		return Object{}, errors.Join(ctx.Err(), err)
	}
	o, metadata, statErr := u.stat(ctx, u.name)
	mine := statErr == nil && slices.ContainsFunc(slices.Collect(maps.Keys(metadata)), func(k string) bool {
		return strings.EqualFold(k, putKey) && metadata[k] == u.mine
	})
	switch {
	case mine && o.Size != u.size:
		return Object{}, fail(fmt.Sprintf("%d bytes were sent, %d arrived", u.size, o.Size), ErrCorrupt)
	case mine:
		return o, nil
	case err == nil && u.etag != "": // replaced already, or a store that keeps no metadata
		if statErr != nil || o.Generation != u.object(u.name, u.etag, u.size, o.Updated).Generation {
			o = u.object(u.name, u.etag, u.size, time.Now())
		}
		return o, nil
	case err == nil:
		return Object{}, cmp.Or(statErr, fail("the store does not tell the ETag of what it was sent", ErrUnreachable))
	case errors.Is(err, ErrPrecondition):
		return Object{}, fail("the answer was lost, and the object is another's now: whether it was written is not known", ErrUnreachable)
	}
	return Object{}, err
}

// Remove implements Store. Right: s3:DeleteObject.
func (s *S3) Remove(ctx context.Context, names ...string) error {
	for _, name := range names {
		err := readable(name)
		if err == nil {
			err = s.try(ctx, "s3:DeleteObject", func() error {
				_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{
					Bucket: &s.bucket, Key: aws.String(s.key(name)), RequestPayer: s.payer,
				})
				return err
			})
		}
		if err != nil && !errors.Is(err, ErrNotExist) {
			return fmt.Errorf("objstore: remove %s: %w", s.url(name), err)
		}
	}
	return nil
}
