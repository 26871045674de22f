//go:build cgo && !noduckdb

package bigquerytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	bq "google.golang.org/api/bigquery/v2"
)

// A problem is an error as the service tells it: an HTTP status and a reason
// when a request is refused, the reason alone in a job's status.
type problem struct {
	code     int
	reason   string
	message  string
	location string // a column, a URI, "query"; may be ""
}

// Error implements error.
func (p *problem) Error() string { return p.message }

// proto is the error in the form of a job's status.
func (p *problem) proto() *bq.ErrorProto {
	return &bq.ErrorProto{Reason: p.reason, Message: p.message, Location: p.location}
}

func refuse(code int, reason, format string, args ...any) *problem {
	return &problem{code: code, reason: reason, message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *problem {
	return refuse(http.StatusBadRequest, "invalid", format, args...)
}

func notFound(format string, args ...any) *problem {
	return refuse(http.StatusNotFound, "notFound", "Not found: "+format, args...)
}

func duplicate(format string, args ...any) *problem {
	return refuse(http.StatusConflict, "duplicate", "Already Exists: "+format, args...)
}

// badQuery refuses SQL: that of the user, and that which this server does not understand.
func badQuery(format string, args ...any) *problem {
	p := refuse(http.StatusBadRequest, "invalidQuery", format, args...)
	p.location = "query"
	return p
}

// asProblem makes any error one that the service could tell.
func asProblem(err error) *problem {
	if p := (*problem)(nil); errors.As(err, &p) {
		return p
	}
	return refuse(http.StatusInternalServerError, "internalError", "%v", err)
}

// statusName is the word of the service for an HTTP status.
func statusName(code int) string {
	switch code {
	case http.StatusBadRequest:
		return "INVALID_ARGUMENT"
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "PERMISSION_DENIED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusConflict:
		return "ALREADY_EXISTS"
	case http.StatusPreconditionFailed:
		return "FAILED_PRECONDITION"
	case http.StatusTooManyRequests:
		return "RESOURCE_EXHAUSTED"
	case http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	}
	return "INTERNAL"
}

// tell answers a request with an error.
func tell(w http.ResponseWriter, err error) {
	p := asProblem(err)
	detail := map[string]any{"message": p.message, "domain": "global", "reason": p.reason}
	if p.location != "" {
		detail["location"], detail["locationType"] = p.location, "parameter"
	}
	answer(w, p.code, map[string]any{"error": map[string]any{
		"code": p.code, "message": p.message, "errors": []any{detail}, "status": statusName(p.code),
	}})
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		code, b = http.StatusInternalServerError, []byte(strconv.Quote(err.Error()))
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(code)
	_, _ = w.Write(b) // a client that has left is no matter
}
