package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"tapline/config"
)

func TestStage(t *testing.T) {
	tests := []struct {
		name, file, env string
		url, codec      string // url "/x" is below the file's folder
		remote          bool
	}{
		{name: "Default", url: "/.tapline/stage", codec: "snappy"},
		{name: "Folder", file: "stage: parts", url: "/parts", codec: "snappy"},
		{name: "FolderAddress", file: "stage: file:///srv/parts", url: "file:///srv/parts", codec: "snappy"},
		{name: "Section", file: "stage: {url: parts}", url: "/parts", codec: "snappy"},
		{name: "GCS", file: "stage: gs://acme/parts", url: "gs://acme/parts", codec: "zstd", remote: true},
		{name: "S3", file: "stage: {url: s3://acme/parts, region: eu-west-1}", url: "s3://acme/parts", codec: "zstd", remote: true},
		{name: "CodecChosen", file: "codec: snappy\nstage: gs://acme/parts", url: "gs://acme/parts", codec: "snappy", remote: true},
		{name: "EnvOverSection", file: "stage: {url: s3://acme/parts}", env: "gs://other", url: "gs://other", codec: "zstd", remote: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TAPLINE_STAGE", tt.env)
			c := load(t, "version: 1\n"+tt.file+"\n", config.Options{})
			s := c.Settings.Stage
			if strings.HasPrefix(tt.url, "/") {
				tt.url = filepath.Join(c.Dir, tt.url)
			}
			if s.URL != tt.url || s.Remote() != tt.remote || c.Settings.Codec != tt.codec {
				t.Errorf("stage %s, remote %v, codec %s", s.URL, s.Remote(), c.Settings.Codec)
			}
			if shown, err := c.Resolved(); err != nil || !strings.Contains(shown, "codec: "+tt.codec) {
				t.Errorf("%v, shown as\n%s", err, shown)
			}
		})
	}
}

// A stage's secrets are looked up by who opens it, and shown by nobody.
func TestStageSecrets(t *testing.T) {
	const file = `version: 1
stage: {url: s3://acme, access_key: "key-in-the-file", secret_key: "${env:STAGE_SECRET}"}
`
	t.Setenv("STAGE_SECRET", "")
	c := load(t, file, config.Options{})
	s := c.Settings.Stage
	if _, err := s.SecretKey.Resolve(); err == nil || !strings.Contains(err.Error(), "stage.secret_key: ") || !strings.Contains(err.Error(), "STAGE_SECRET") {
		t.Errorf("Resolve without the variable gives %v", err)
	}
	t.Setenv("STAGE_SECRET", "a-secret-of-the-stage")
	secret, err := s.SecretKey.Resolve()
	if err != nil || secret.Reveal() != "a-secret-of-the-stage" {
		t.Errorf("Resolve gives %v", err)
	}
	if got := c.Redactor().String("key a-secret-of-the-stage"); got != "key ***" {
		t.Errorf("the redactor does not know the secret: %s", got)
	}
	shown, err := c.Resolved()
	if err != nil || strings.Contains(shown, "key-in-the-file") || !strings.Contains(shown, "${env:STAGE_SECRET}") {
		t.Errorf("%v, shown as\n%s", err, shown)
	}
	if w := c.Warnings(); len(w) == 0 || !strings.Contains(w[0].Error(), "stage.access_key: the secret stands in the file itself") {
		t.Errorf("warnings %v", w)
	}
	at := s.Errorf("region", "is wrong")
	if at.Line != 2 || at.Path != "stage.region" {
		t.Errorf("an error at %d, path %s", at.Line, at.Path)
	}
}
