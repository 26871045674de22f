package bucket

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/config"
	"tapline/objstore"
)

// defaultSettle is how long an object must be unchanged before it is read.
const defaultSettle = 2 * time.Minute

// A Config is the section of a connection in the configuration file.
type Config struct {
	// URL is the bucket and a folder in it, or a folder's path. Patterns go on
	// from there.
	URL string `yaml:"url" required:"true" path:"true" pattern:"^((gs|s3|file)://|[^:]+$)" want:"gs://bucket/folder, s3://bucket/folder or a folder's path" doc:"where the objects are: gs://bucket/folder, s3://bucket/folder or a folder's path"`
	// Endpoint replaces the vendor's address, for S3-compatible stores and emulators.
	Endpoint string `yaml:"endpoint" pattern:"^https?://" want:"an address such as http://localhost:9000" doc:"another address for s3:// or gs://, for compatible stores and emulators"`
	// Region is that of an s3:// bucket. Empty = as the environment says.
	Region string `yaml:"region" doc:"the region of an s3:// bucket"`
	// KeyFile is the path of a Google service account's key, and KeyJSON the
	// key itself. With neither, application default credentials are looked for.
	KeyFile string        `yaml:"key_file" path:"true" doc:"the key file of a Google service account; without it, application default credentials"`
	KeyJSON config.Secret `yaml:"key_json" doc:"the content of such a key file"`
	// AccessKey and SecretKey, with SessionToken where there is one, open an
	// s3:// bucket. Empty = what the AWS tools on this machine use.
	AccessKey    config.Secret `yaml:"access_key" doc:"the access key id for s3://; without it, what the AWS tools use"`
	SecretKey    config.Secret `yaml:"secret_key" doc:"the secret access key for s3://"`
	SessionToken config.Secret `yaml:"session_token" doc:"the session token of temporary keys for s3://"`
	// Anonymous reads a public bucket without credentials.
	Anonymous bool `yaml:"anonymous" doc:"read a public bucket without credentials"`
	// RequesterPays lets the reader's account be billed by s3://, and Project
	// names who is billed by gs://.
	RequesterPays bool   `yaml:"requester_pays" doc:"let an s3:// bucket bill the requester"`
	Project       string `yaml:"project" doc:"the Google project that a gs:// bucket bills for requests"`
	// Timezone is what local times in files are in, and days are counted in: an
	// IANA name. CleverTap's files need it.
	Timezone string `yaml:"timezone" doc:"the time zone of local times in the files, such as Asia/Kolkata; CleverTap exports need it"`
}

// A Selection is one entry of a pipeline's streams.
type Selection struct {
	// Files is the pattern of the objects' names; see pattern.
	Files string `yaml:"files" required:"true" doc:"the names to read, such as exports/*-Order-Placed-*.csv.gz; * ** ? [a-z] {a,b} {date:%Y/%m/%d}"`
	// Ignore are patterns of names that are never read.
	Ignore []string `yaml:"ignore" doc:"patterns of names never to read"`
	// Settle is how long an object must be unchanged. Nil = 2 minutes.
	Settle *time.Duration `yaml:"settle" doc:"how long an object must have been unchanged before it is read, 2m by default"`
	// Per is "" or "event": one stream for each event of CleverTap among the
	// names of the files, for table: ev_{event}.
	Per string `yaml:"per" enum:"event" doc:"event: one stream per CleverTap event, by the files' names, so that table: ev_{event} works"`
	// Layout is "" (= auto), auto, plain or clevertap; see layout.
	Layout string `yaml:"layout" enum:"auto,plain,clevertap" doc:"auto, plain, or clevertap: exports of CleverTap under the columns of its API"`
	// FileColumns are what of the file's name and kind becomes columns.
	FileColumns []string `yaml:"file_columns" enum:"*,name,event,request_id,run_time,day,index,database_id,updated,member" doc:"facts about the file to add as columns file.name, file.event, ...; [\"*\"] for all"`

	Formats `yaml:",inline"`
}

// Options are what a Source needs beside its configuration.
type Options struct {
	// Store holds the objects, under names below the connection's URL.
	Store objstore.Store
	// Log gets Debug records. Nil = none.
	Log *slog.Logger
	// Now is the clock. Nil = time.Now.
	Now func() time.Time
	// BatchRows and BatchBytes bound a batch. 0 = as format.Batching.
	BatchRows  int
	BatchBytes int64
	// Mem is where Arrow buffers come from. Nil = a pool.
	Mem memory.Allocator
	// TempDir is where objects are kept that must be read in no order, such as
	// Parquet from a store that is slow to seek. "" = the system's.
	TempDir string
}

// Validate says what of c is wrong, naming the key, or nil.
func (c Config) Validate() error {
	u, err := &url.URL{Scheme: "file", Path: c.URL}, error(nil)
	if strings.Contains(c.URL, "://") {
		u, err = url.Parse(c.URL)
	}
	if err != nil || c.URL == "" {
		return fmt.Errorf("url: want gs://bucket/folder, s3://bucket/folder or a folder's path")
	}
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("url: want no credentials, query or fragment in it; keys go to access_key and secret_key, or to key_file")
	case u.Scheme != "gs" && u.Scheme != "s3" && u.Scheme != "file":
		return fmt.Errorf("url: want gs://bucket/folder, s3://bucket/folder or a folder's path")
	case u.Scheme == "file" && (u.Host != "" || u.Path == ""):
		return fmt.Errorf("url: a file address has three slashes before the folder's path: file:///data/drops")
	case u.Scheme != "file" && u.Host == "":
		return fmt.Errorf("url: names no bucket; want %s://bucket/folder", u.Scheme)
	case strings.ContainsAny(u.Path, "*?["):
		return fmt.Errorf("url: has wildcards; give the folder here and the pattern in files:")
	case c.AccessKey.IsZero() != c.SecretKey.IsZero():
		return fmt.Errorf("access_key, secret_key: one is there without the other")
	case c.KeyFile != "" && !c.KeyJSON.IsZero():
		return fmt.Errorf("key_file, key_json: want one of them")
	case c.Anonymous && (!c.AccessKey.IsZero() || c.KeyFile != "" || !c.KeyJSON.IsZero()):
		return fmt.Errorf("anonymous: there are credentials beside it; take one of them out")
	}
	if err := c.belongs(u.Scheme); err != nil {
		return err
	}
	_, err = c.location()
	return err
}

// Objects is what opens the store that the section describes.
func (c Config) Objects() objstore.Config {
	return objstore.Config{
		URL: c.URL, Endpoint: c.Endpoint, Anonymous: c.Anonymous,
		CredentialsFile: c.KeyFile, CredentialsJSON: c.KeyJSON.Reveal(), UserProject: c.Project,
		Region: c.Region, AccessKeyID: c.AccessKey.Reveal(), SecretAccessKey: c.SecretKey.Reveal(),
		SessionToken: c.SessionToken.Reveal(), RequesterPays: c.RequesterPays,
	}
}

// belongs finds keys that are for another kind of store.
func (c Config) belongs(scheme string) error {
	for _, k := range []struct {
		key    string
		given  bool
		scheme []string
	}{
		{"endpoint", c.Endpoint != "", []string{"gs", "s3"}},
		{"anonymous", c.Anonymous, []string{"gs", "s3"}},
		{"region", c.Region != "", []string{"s3"}},
		{"access_key", !c.AccessKey.IsZero(), []string{"s3"}},
		{"session_token", !c.SessionToken.IsZero(), []string{"s3"}},
		{"requester_pays", c.RequesterPays, []string{"s3"}},
		{"key_file", c.KeyFile != "", []string{"gs"}},
		{"key_json", !c.KeyJSON.IsZero(), []string{"gs"}},
		{"project", c.Project != "", []string{"gs"}},
	} {
		if k.given && !slices.Contains(k.scheme, scheme) {
			return fmt.Errorf("%s: is for %s:// and has no meaning for %s://", k.key, strings.Join(k.scheme, ":// and "), scheme)
		}
	}
	return nil
}

// location loads the time zone; UTC where none is given.
func (c Config) location() (*time.Location, error) {
	const hint = "want an IANA name such as Asia/Kolkata or UTC"
	if c.Timezone == "Local" {
		return nil, fmt.Errorf("timezone: \"Local\" would differ between machines; %s", hint)
	}
	loc, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return nil, fmt.Errorf("timezone: %q is not known; %s", c.Timezone, hint)
	}
	return loc, nil
}
