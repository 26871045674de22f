//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
)

const (
	stageKeyID  = "writer-of-the-stage"
	stageSecret = "a-secret-of-the-stage"
)

// A stageRig is an account whose events are staged in a bucket of this process,
// every scene under a prefix of its own.
type stageRig struct {
	*crashRig
	cloud  *buckettest.Server
	scenes atomic.Int64
	want   string // the tables of an undisturbed run with a stage in a folder
}

// newStageRig starts the bucket. want is what the account's tables hold.
func newStageRig(t testing.TB, account *accountRig, scheme, want string) *stageRig {
	t.Helper()
	r := &stageRig{want: want}
	keys := ""
	if scheme == "gs" {
		r.cloud = gcstest.NewServer(t, gcstest.Options{}, "stage")
	} else {
		r.cloud = s3test.NewServer(t, s3test.Options{AccessKeyID: stageKeyID}, "stage")
		keys = `, region: eu-west-1, access_key: "${env:STAGE_KEY_ID}", secret_key: "${env:STAGE_SECRET}"`
	}
	r.crashRig = &crashRig{binary: account.binary, config: func(o sceneOptions) string {
		stage := fmt.Sprintf(`{url: "%s://stage/team/parts%d", endpoint: %q%s}`, scheme, r.scenes.Add(1), r.cloud.URL, keys)
		return "stage: " + stage + "\n" + account.config(o)
	}}
	for name, value := range map[string]string{
		"STAGE_KEY_ID": stageKeyID, "STAGE_SECRET": stageSecret, "TAPLINE_BACKOFF": "2ms", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return r
}

// marks runs a scene of few parts and returns the failpoints that it passed.
func (r *stageRig) marks(t testing.TB) []string {
	t.Helper()
	s := r.few(t)
	log := filepath.Join(s.dir, "points.log")
	if code := s.run(t, []string{"TAPLINE_FAULTS=count", "TAPLINE_FAULTS_LOG=" + log}, "run"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, s.said.String())
	}
	r.proven(t, "counted", s)
	points, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(points)), "\n")
}

// few is a scene of few parts.
func (r *stageRig) few(t testing.TB) *scene {
	t.Helper()
	return r.scene(t, sceneOptions{batchSize: 200, batchRows: 200})
}

// elsewhere is another machine with the configuration of s: it has a disk of its
// own, and reaches the stage and the warehouse of s.
func elsewhere(t testing.TB, s *scene) *scene {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(s.dir, "tapline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	other := &scene{crashRig: s.crashRig, dir: t.TempDir(), batchRows: s.batchRows, env: s.env}
	for _, file := range []string{": bi.duckdb", ": read.duckdb"} {
		config = bytes.ReplaceAll(config, []byte(file), fmt.Appendf(nil, ": %q", filepath.Join(s.dir, file[2:])))
	}
	if err := os.WriteFile(filepath.Join(other.dir, "tapline.yaml"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	return other
}

// proven wants of the table that s loads into what an undisturbed run gives, and
// nothing left behind. Others are machines that had a part in it.
func (r *stageRig) proven(t testing.TB, what string, s *scene, others ...*scene) {
	t.Helper()
	if got := s.content(t); got != r.want {
		t.Errorf("%s: %s", what, brief(r.want, got))
	}
	r.left(t, what, s, others...)
}

// left wants nothing left on the stage of s, and no secret in what was printed.
func (r *stageRig) left(t testing.TB, what string, s *scene, others ...*scene) {
	t.Helper()
	for _, m := range append(others, s) {
		m.clean(t)
		if bytes.Contains(m.said.Bytes(), []byte(stageSecret)) {
			t.Errorf("%s: the stage's secret is in the output", what)
		}
	}
	config, err := os.ReadFile(filepath.Join(s.dir, "tapline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(config), "://stage/")
	prefix, _, _ := strings.Cut(rest, `"`)
	objects, _, err := r.cloud.List("stage", prefix+"/", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		t.Errorf("%s: left on the stage: %s", what, o.Name)
	}
}
