package objstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"
)

// place is a bucket and the folder in it that names are relative to.
type place struct {
	scheme, bucket string
	prefix         string // "" or ends in a slash
}

func newPlace(scheme, bucket, prefix string) (place, error) {
	if bucket == "" || strings.ContainsAny(bucket, "/?#\\ ") {
		return place{}, fmt.Errorf("objstore: open %s://%s: %q is not a bucket's name", scheme, bucket, bucket)
	}
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return place{scheme, bucket, prefix}, nil
}

func (p place) key(name string) string { return p.prefix + name }

// url is the object's, unescaped, as the tools of the clouds write it.
func (p place) url(name string) string { return p.scheme + "://" + p.bucket + "/" + p.key(name) }

// name is key's, relative to the place. Empty objects whose key ends in a slash
// are folders that some tool drew, no objects.
func (p place) name(key string, size int64) (string, bool) {
	name, ok := strings.CutPrefix(key, p.prefix)
	return name, ok && name != "" && (size > 0 || !strings.HasSuffix(name, "/"))
}

// readable refuses what no listing yields. Buckets may hold names, such as
// "a//b", that Put does not make; they are keys and never become paths.
func readable(name string) error {
	if name == "" || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%q is not an object name", name)
	}
	return nil
}

// writable refuses names outside the contract.
func writable(name string) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%q is not an object name", name)
	}
	return nil
}

// failure is an error of a bucket in our words: SDKs put whole URLs into their
// errors, and some of those are keys. It unwraps to the sentinels alone.
type failure struct {
	text string
	is   []error
}

func (f *failure) Error() string {
	if len(f.is) == 0 {
		return f.text
	}
	return f.is[0].Error() + ": " + f.text
}

func (f *failure) Unwrap() []error { return f.is }

// fail makes a failure of a text and sentinels; the first is named.
func fail(text string, is ...error) error { return &failure{cut(text), is} }

// cut bounds what servers say.
func cut(text string) string {
	const most = 400
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// offline explains an error of the network; nil when err is something else. A
// caller who has left gets the context's error.
func offline(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	var (
		stall *stallError
		dns   *net.DNSError
		op    *net.OpError
		u     *url.Error
		js    *json.SyntaxError
	)
	switch {
	case errors.As(err, &stall):
		return fail(stall.Error(), ErrUnreachable)
	case errors.As(err, &dns):
		return fail("the host "+dns.Name+" cannot be resolved: "+dns.Err, ErrUnreachable)
	case errors.As(err, &op):
		return fail(op.Error(), ErrUnreachable)
	case errors.As(err, &u):
		host := "?"
		if at, err := url.Parse(u.URL); err == nil {
			host = at.Host
		}
		return fail(u.Op+" "+host+": "+u.Err.Error(), ErrUnreachable)
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &js):
		return fail("the answer is cut: "+err.Error(), ErrUnreachable)
	}
	return nil
}
