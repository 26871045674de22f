package objstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"
)

// explain says what an error of Google's client means, in words that hold no
// URL: those of uploads are keys. right is the permission that the call needs.
func (g *GCS) explain(ctx context.Context, err error, right string) error {
	var (
		api   *googleapi.Error
		token *oauth2.RetrieveError
		ours  *failure
	)
	switch {
	case errors.Is(err, ErrChanged) || errors.As(err, &ours):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &token):
		return fail("Google gave no token for the credentials: "+tokenReason(token), ErrUnauthorized)
	case errors.As(err, &api):
		return g.status(err, api, right)
	case errors.Is(err, storage.ErrBucketNotExist):
		return ErrNoBucket
	case errors.Is(err, storage.ErrObjectNotExist):
		return ErrNotExist
	}
	if off := offline(ctx, err); off != nil {
		return off
	}
	return fail(err.Error())
}

// tokenReason is what the server of tokens said, which the client leaves packed
// for some kinds of credentials.
func tokenReason(err *oauth2.RetrieveError) string {
	said := struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{err.ErrorCode, err.ErrorDescription}
	if json.Unmarshal(err.Body, &said) != nil || said.Error == "" {
		return "it does not say why"
	}
	return said.Error + ": " + said.Description
}

func (g *GCS) status(err error, api *googleapi.Error, right string) error {
	said := api.Message
	if said == "" {
		said = http.StatusText(api.Code)
	}
	switch api.Code {
	case http.StatusUnauthorized:
		return fail("gs://"+g.place.bucket+": "+said, ErrUnauthorized)
	case http.StatusForbidden:
		return fail(fmt.Sprintf("%s on gs://%s is needed: %s", right, g.place.bucket, said), ErrUnauthorized)
	case http.StatusNotFound:
		// Of an object in no bucket, Google says so in its message only.
		if errors.Is(err, storage.ErrBucketNotExist) || strings.Contains(said, "bucket does not exist") {
			return fail("gs://"+g.place.bucket, ErrNoBucket)
		}
		return ErrNotExist
	case http.StatusPreconditionFailed:
		return ErrPrecondition
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return fail(fmt.Sprintf("%d %s", api.Code, said), ErrUnreachable)
	}
	if api.Code >= http.StatusInternalServerError {
		return fail(fmt.Sprintf("%d %s", api.Code, said), ErrUnreachable)
	}
	return &httpStatus{api.Code, fmt.Sprintf("%d %s", api.Code, said)}
}

// gcsTransient reports whether a call may succeed when it is made again: also
// when an answer was cut and so is no JSON.
func gcsTransient(err error) bool {
	var cut *json.SyntaxError
	return storage.ShouldRetry(err) || errors.As(err, &cut)
}

// gcsRefused reports whether a call that failed in passing was refused, so that
// it had no effect.
func gcsRefused(err error) bool {
	var api *googleapi.Error
	return errors.As(err, &api) &&
		(api.Code == http.StatusTooManyRequests || api.Code == http.StatusServiceUnavailable)
}

// httpStatus is an answer that no sentinel stands for.
type httpStatus struct {
	code int
	said string
}

func (e *httpStatus) Error() string { return cut(e.said) }
