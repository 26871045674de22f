//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
)

// TestStageErrors wants of what can be wrong with a stage in a bucket an exit
// code, a code to look up, and words that name the remedy; and no secret.
func TestStageErrors(t *testing.T) {
	account := newAccountRig(t)
	gs := gcstest.NewServer(t, gcstest.Options{}, "stage", "held", "readonly", "kept")
	s3 := s3test.NewServer(t, s3test.Options{AccessKeyID: stageKeyID}, "stage", "readonly")
	refuseIn(gs, "readonly", http.MethodPost)
	refuseIn(gs, "kept", http.MethodDelete)
	refuseIn(s3, "readonly", http.MethodPut)
	gs.Put("held", buckettest.Object{Name: "orders/lease.json", Content: fmt.Appendf(nil,
		`{"run":"theirs","host":"another-machine","boot":"b","pid":7,"process":"1","since":%q,"renewed":%[1]q}`, time.Now().Format(time.RFC3339))})
	t.Setenv("STAGE_KEY_ID", stageKeyID)
	t.Setenv("STAGE_SECRET", stageSecret)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	keys := `, region: eu-west-1, access_key: "${env:STAGE_KEY_ID}", secret_key: "${env:STAGE_SECRET}"}`
	for _, tt := range []struct {
		name, command, stage string
		code                 int
		want                 []string
	}{
		{"NoBucketGS", "run", "{url: gs://nothing/parts, endpoint: " + gs.URL + "}", 3, []string{"store.no_bucket", "gs://nothing", "of stage:"}},
		{"NoBucketS3", "run", "{url: s3://nothing, endpoint: " + s3.URL + keys, 3, []string{"store.no_bucket", "s3://nothing"}},
		{"NoRightToWriteGS", "run", "{url: gs://readonly, endpoint: " + gs.URL + "}", 3, []string{"store.unauthorized", "storage.objects.create", "on gs://readonly is needed"}},
		{"NoRightToWriteS3", "run", "{url: s3://readonly, endpoint: " + s3.URL + keys, 3, []string{"store.unauthorized", "s3:PutObject on s3://readonly is needed"}},
		{"NoRightToDelete", "check", "{url: gs://kept, endpoint: " + gs.URL + "}", 3, []string{"storage.objects.delete on gs://kept is needed"}},
		{"ForeignKeys", "run", "{url: s3://stage, endpoint: " + s3.URL + `, access_key: somebody-else, secret_key: "${env:STAGE_SECRET}"}`, 3, []string{"store.unauthorized", "s3:ListBucket"}},
		{"HeldElsewhere", "run", "{url: gs://held, endpoint: " + gs.URL + "}", 5, []string{"run.busy", "process 7 on another-machine"}},
		{"NoPreconditions", "check", "{url: s3://stage, endpoint: " + careless(t, s3.URL) + keys, 3, []string{"replaces objects whatever the precondition", "If-None-Match"}},
		{"KeyOfAnotherKind", "config validate", "{url: parts, region: eu-west-1}", 2, []string{"config.invalid", "stage: region: is for s3://"}},
		{"HalfAKey", "config validate", `{url: s3://stage, access_key: "${env:STAGE_KEY_ID}"}`, 2, []string{"access_key, secret_key: one is there without the other"}},
		{"PasswordInAddress", "config validate", `"s3://stage-user:stage-password@stage"`, 2, []string{"no credentials"}},
		{"NoSuchVariable", "run", `{url: s3://stage, access_key: "${env:STAGE_NOT_SET}", secret_key: "${env:STAGE_SECRET}"}`, 2, []string{"config.invalid", "stage.access_key", "STAGE_NOT_SET"}},
		{"Good", "check", "{url: gs://stage/team, endpoint: " + gs.URL + "}", 0, []string{"gs://stage/team is writable"}},
		{"GoodS3", "doctor", "{url: s3://stage/team, endpoint: " + s3.URL + keys, 0, []string{"s3://stage/team is writable", "disk for temporary files"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := (&crashRig{binary: account.binary, config: func(o sceneOptions) string { return "stage: " + tt.stage + "\n" + account.config(o) }}).scene(t, sceneOptions{})
			if code := s.run(t, nil, strings.Fields(tt.command)...); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			said := s.said.String()
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			for _, secret := range []string{stageSecret, "stage-password"} {
				if strings.Contains(said, secret) {
					t.Errorf("it says %q", secret)
				}
			}
			if t.Failed() {
				t.Log(said)
			}
			if _, err := os.Stat(filepath.Join(s.dir, ".tapline", "stage")); err == nil {
				t.Error("a folder was made for the stage")
			}
		})
	}
	for cloud, objects := range map[string]*buckettest.Server{"gs": gs, "s3": s3} {
		if left, _, err := objects.List("stage", "", "", 10); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %d objects left", cloud, err, len(left))
		}
	}
}

// refuseIn refuses requests of a method that name the bucket.
func refuseIn(cloud *buckettest.Server, bucket, method string) {
	cloud.Fail(func(q *http.Request) bool {
		return q.Method == method && strings.Contains(q.URL.Path, "/"+bucket+"/")
	}, -1, buckettest.Fault{Kind: buckettest.Refused, Text: "no right"})
}

// careless is the address of a store that knows no preconditions.
func careless(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-Match")
		r.Header.Del("If-None-Match")
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
