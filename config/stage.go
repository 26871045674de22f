package config

import "strings"

// A Stage is where parts wait until they are loaded. The file has a text, which
// is the URL, or a section of these keys; TAPLINE_STAGE is a URL. Secrets are
// looked up when the stage is opened.
type Stage struct {
	// URL is gs://bucket/prefix, s3://bucket/prefix, file:///folder or a
	// folder's path, absolute where the file has a relative one.
	URL string `yaml:"url" required:"true" path:"true" pattern:"^((gs|s3|file)://|[^:]+$)" want:"a folder's path, gs://bucket/prefix or s3://bucket/prefix" doc:"a folder, gs://bucket/prefix or s3://bucket/prefix"`
	// Endpoint replaces the vendor's address, for compatible stores and emulators.
	Endpoint string `yaml:"endpoint" pattern:"^https?://" want:"an address such as http://localhost:9000" doc:"another address for s3:// or gs://, for compatible stores and emulators"`
	// Region is that of an s3:// bucket. Empty = as the environment says.
	Region string `yaml:"region" doc:"the region of an s3:// bucket"`
	// KeyFile is the path of a Google service account's key, KeyJSON the key.
	KeyFile string    `yaml:"key_file" path:"true" doc:"the key file of a Google service account; without it, application default credentials"`
	KeyJSON SecretRef `yaml:"key_json" doc:"the content of such a key file"`
	// AccessKey and SecretKey, with SessionToken where there is one, open an
	// s3:// bucket. Empty = what the AWS tools on this machine use.
	AccessKey    SecretRef `yaml:"access_key" doc:"the access key id for s3://; without it, what the AWS tools use"`
	SecretKey    SecretRef `yaml:"secret_key" doc:"the secret access key for s3://"`
	SessionToken SecretRef `yaml:"session_token" doc:"the session token of temporary keys for s3://"`
	// Project is the Google project that requests are billed to. Empty = the bucket's.
	Project string `yaml:"project" doc:"the Google project that a gs:// bucket bills for requests"`

	section
}

// Remote reports whether the stage is in a bucket, which other machines can
// reach, and not in a folder.
func (s Stage) Remote() bool {
	return strings.HasPrefix(s.URL, "gs://") || strings.HasPrefix(s.URL, "s3://")
}
