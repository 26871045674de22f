//go:build faults

package main

import (
	"context"
	"net"
	"net/http"
	"path"
	"strings"
	"time"
)

// faultyClient passes a point before each request to a warehouse, and after its
// answer came. It has no credentials: what it speaks to is a test's.
func faultyClient() *http.Client { return &http.Client{Transport: faultTransport{}} }

// faultySleep makes the pauses between looks at a warehouse's jobs as short as
// TAPLINE_BACKOFF says.
func faultySleep() func(context.Context, time.Duration) error {
	most := faultyPause()
	if most == 0 {
		return nil
	}
	return func(ctx context.Context, d time.Duration) error {
		t := time.NewTimer(min(d, most))
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			return nil
		}
	}
}

type faultTransport struct{}

func (faultTransport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	err = injector.around("wire", r.Method+"/"+resourceOf(r.URL.Path), func() error {
		resp, err = http.DefaultTransport.RoundTrip(r)
		return err
	})
	if err != nil && resp != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, err
}

// resourceOf is the word of a path that says what is asked for, names aside.
func resourceOf(p string) string {
	for _, word := range []string{"upload", "queries", "jobs", "data", "tables"} {
		if strings.Contains(p, "/"+word) {
			return word
		}
	}
	return path.Base(path.Dir(p))
}

// faultyDial passes a point before and after each write to a warehouse.
func faultyDial() func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return faultNet{conn}, nil
	}
}

type faultNet struct{ net.Conn }

func (c faultNet) Write(p []byte) (n int, err error) {
	err = injector.around("wire", "write", func() error {
		n, err = c.Conn.Write(p)
		return err
	})
	return n, err
}
