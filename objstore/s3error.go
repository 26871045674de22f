package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// try makes a call, again as long as it fails in passing and patience lasts,
// and explains its last error. right is what the call needs.
func (s *S3) try(ctx context.Context, right string, call func() error) error {
	if s.creds != nil {
		if _, err := s.creds.Retrieve(ctx); err != nil && ctx.Err() == nil {
			return fail("no AWS credentials found: give an access key, or set up AWS_PROFILE or a role: "+err.Error(), ErrUnauthorized)
		}
	}
	var since time.Time // of the first failure
	for n := 1; ; n++ {
		err := call()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if since.IsZero() {
			since = time.Now()
		}
		if !s3Transient(err) || time.Since(since) > s.patience.Retry {
			return s.explain(ctx, err, right)
		}
		if err := s.patience.pause(ctx, n); err != nil {
			return err
		}
	}
}

// s3Transient reports whether a call may succeed when it is made again: also
// when an answer was cut and so is no XML.
func s3Transient(err error) bool {
	var (
		answered *awshttp.ResponseError
		api      smithy.APIError
		dns      *net.DNSError
		sending  *smithyhttp.RequestSendError
	)
	switch {
	case errors.As(err, &answered):
		code := answered.HTTPStatusCode()
		return code >= http.StatusInternalServerError || code < http.StatusMultipleChoices ||
			code == http.StatusTooManyRequests || code == http.StatusRequestTimeout ||
			errors.As(err, &api) && (api.ErrorCode() == "ConditionalRequestConflict" || api.ErrorCode() == "RequestTimeout")
	case errors.As(err, &dns):
		return dns.IsTemporary || dns.IsTimeout
	}
	return errors.As(err, &sending) || errors.Is(err, io.ErrUnexpectedEOF)
}

// s3Refused reports whether a call that failed in passing was refused, so that
// it had no effect.
func s3Refused(err error) bool {
	var answered *awshttp.ResponseError
	if !errors.As(err, &answered) {
		return false
	}
	switch answered.HTTPStatusCode() {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusConflict:
		return true
	}
	return false
}

// explain says what an error of the SDK means, in words that hold no URL. right
// is what the call needs.
func (s *S3) explain(ctx context.Context, err error, right string) error {
	var (
		answered *awshttp.ResponseError
		api      smithy.APIError
		code     string
		said     string
	)
	if errors.As(err, &api) {
		code, said = api.ErrorCode(), api.ErrorMessage()
	}
	if !errors.As(err, &answered) {
		if off := offline(ctx, err); off != nil {
			return off
		}
		return fail(err.Error())
	}
	status := answered.HTTPStatusCode()
	said = fmt.Sprintf("%d %s %s", status, code, said)
	switch {
	case code == "NoSuchBucket":
		return fail("s3://"+s.bucket, ErrNoBucket)
	case status == http.StatusMovedPermanently || code == "AuthorizationHeaderMalformed":
		return fail(fmt.Sprintf("s3://%s is not in the region asked; set region to %q: %s",
			s.bucket, answered.Response.Header.Get("X-Amz-Bucket-Region"), said))
	case status == http.StatusNotFound && code != "NoSuchUpload":
		return ErrNotExist
	case status == http.StatusPreconditionFailed:
		return ErrPrecondition
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return fail(fmt.Sprintf("%s on s3://%s is needed: %s", right, s.bucket, said), ErrUnauthorized)
	case s3Transient(err):
		return fail(said, ErrUnreachable)
	}
	return &httpStatus{status, said}
}
