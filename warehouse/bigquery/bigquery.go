// Package bigquery keeps tables in a dataset of Google BigQuery.
//
// Rows come by load jobs from Parquet, which cost nothing: by upload, or from a
// gs:// stage with up to 10,000 objects a job. A slice that is a whole
// partition replaces that partition (table$YYYYMMDD, WRITE_TRUNCATE), a first
// revision is appended; every other load goes into a staging table, from which
// one multi-statement transaction moves it. Quarantine and receipt come with
// one more transaction, or with that one. First revisions that come together are
// moved together, by one transaction; claim.go tells how they are kept from other
// processes. Jobs have ids that BigQuery takes once, so that no job's work is ever
// done twice; job.go tells how.
//
// Types: bool BOOL, int64 INT64, float64 FLOAT64, utf8 STRING, date32 DATE,
// timestamp TIMESTAMP. NUMERIC and BIGNUMERIC columns that somebody made take
// numbers and text, exactly.
//
// Facts about BigQuery are those of its documentation as of August 2026.
package bigquery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// A Config says which dataset it is and how to reach it. Project and Dataset
// are required. The dataset has to exist.
type Config struct {
	Project, Dataset string
	// Location of the dataset, such as "asia-south1" or "EU". "" = whatever it
	// is; otherwise another one is an error.
	Location string
	// Endpoint is the base URL of another server that speaks BigQuery's API.
	// Without credentials, none are sent there.
	Endpoint string
	// KeyFile is a service account's key. "" = application default credentials.
	KeyFile string
	// KeyJSON is the content of such a file, in its place.
	KeyJSON []byte
	// Impersonate is the e-mail of a service account to act as.
	Impersonate string
	// BillingProject is where jobs run and are paid. "" = Project.
	BillingProject string
	// Labels of tables and jobs: lower-case keys and values.
	Labels map[string]string
	// MaxBytesBilled is the most that one query may bill; beyond it the query
	// fails and costs nothing. 0 = no limit.
	MaxBytesBilled int64
	// PricePerTiB is what a TiB that queries read costs, in US dollars: ListPrice,
	// or whatever was agreed. Only Estimate uses it. 0 = nothing, as with slots.
	PricePerTiB float64
	// RequirePartitionFilter makes new tables refuse queries that do not say
	// which partitions they want.
	RequirePartitionFilter bool
	// PartitionExpiration is when partitions of new tables vanish. 0 = never.
	PartitionExpiration time.Duration
	// FlexibleNames allows column names beyond letters, digits and "_".
	FlexibleNames bool
	// Stage is "gs://bucket/prefix" where parts are staged there. Its only
	// use is that Check tries whether BigQuery may read the bucket.
	Stage string
	// Log gets what goes wrong and is mended. Nil = none.
	Log *slog.Logger
	// Now is the clock of receipts. Nil = time.Now.
	Now func() time.Time
	// HTTP is the client to send requests with, for tests. Nil = one with the
	// credentials.
	HTTP *http.Client
	// Patience is how long a call is repeated that gets no answer, or one that
	// says to come back. 0 = 5 minutes. Jobs that run are waited for whatever
	// it takes.
	Patience time.Duration
	// Sleep waits between repetitions, for tests. Nil = a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

// A Warehouse is a dataset. It is safe for concurrent use.
type Warehouse struct {
	cfg    Config
	client *bq.Client
	// directFrom is the size in bytes from which parts at gs:// are loaded
	// without a transaction: reading less in one is cheaper than another job.
	directFrom int64

	scripts sync.Mutex // one at a time of the transactions that change receipts or quarantine
	views   sync.Mutex // one at a time makes views by the list of tables

	mu       sync.Mutex // guards what follows
	location string     // of the dataset; "" = not asked yet
	own      bool       // tapline's own tables are there
	// fresh says of tables how new their rows can be told to be: see eventColumn.
	fresh map[string]string
}

var (
	_ warehouse.Warehouse  = (*Warehouse)(nil)
	_ warehouse.Querier    = (*Warehouse)(nil)
	_ warehouse.Verifier   = (*Warehouse)(nil)
	_ warehouse.Quarantine = (*Warehouse)(nil)
	_ warehouse.Files      = (*Warehouse)(nil)
	_ warehouse.Checker    = (*Warehouse)(nil)
	_ warehouse.Viewer     = (*Warehouse)(nil)
	_ warehouse.Estimator  = (*Warehouse)(nil)
	_ warehouse.Batcher    = (*Warehouse)(nil)
)

// Defaults.
const (
	defaultPatience   = 5 * time.Minute
	defaultDirectFrom = 256 << 20
)

// New returns the Warehouse of a dataset. It reads the credentials and asks
// BigQuery nothing yet. Errors: warehouse.ErrUnauthorized for credentials that
// are missing or no good; others are about cfg.
func New(ctx context.Context, cfg Config) (*Warehouse, error) {
	switch {
	case cfg.Project == "":
		return nil, errors.New("bigquery: project: is empty; name the Google Cloud project of the dataset")
	case cfg.Dataset == "":
		return nil, errors.New("bigquery: dataset: is empty; name the dataset that tables go to")
	case strings.ContainsAny(cfg.Project+cfg.Dataset, "`\"'\\ /\n"):
		return nil, fmt.Errorf("bigquery: %q and %q are not names of a project and a dataset", cfg.Project, cfg.Dataset)
	case len(cfg.KeyJSON) > 0 && cfg.KeyFile != "":
		return nil, errors.New("bigquery: give one of a key file and a key, not both")
	}
	if cfg.BillingProject == "" {
		cfg.BillingProject = cfg.Project
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Patience == 0 {
		cfg.Patience = defaultPatience
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	client, err := newClient(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("bigquery: open %s.%s: %w", cfg.Project, cfg.Dataset, err)
	}
	return &Warehouse{cfg: cfg, client: client, directFrom: defaultDirectFrom, fresh: make(map[string]string)}, nil
}

// Close closes idle connections. Jobs that were started go on.
func (w *Warehouse) Close() error {
	if err := w.client.Close(); err != nil {
		return fmt.Errorf("bigquery: close: %w", err)
	}
	return nil
}

func (w *Warehouse) dataset() *bq.Dataset {
	return w.client.DatasetInProject(w.cfg.Project, w.cfg.Dataset)
}

func (w *Warehouse) table(name string) *bq.Table { return w.dataset().Table(name) }

// place asks once where the dataset is: jobs have to run there. Errors:
// ErrUnreachable when there is no such dataset or it is elsewhere than Location.
func (w *Warehouse) place(ctx context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.location != "" {
		return w.location, ctx.Err()
	}
	var md *bq.DatasetMetadata
	err := w.calling(ctx, "bigquery.datasets.get", func(ctx context.Context) (err error) {
		md, err = w.dataset().Metadata(ctx)
		return err
	})
	switch {
	case isNotFound(err):
		return "", fmt.Errorf("%w: there is no dataset %s in project %s, or these credentials may not see it; create it (bq mk --dataset --location=REGION %s:%s), or correct project and dataset: %w",
			warehouse.ErrUnreachable, w.cfg.Dataset, w.cfg.Project, w.cfg.Project, w.cfg.Dataset, err)
	case err != nil:
		return "", err
	case w.cfg.Location != "" && !strings.EqualFold(w.cfg.Location, md.Location):
		return "", fmt.Errorf("%w: the dataset %s is in %s, and location says %s; a dataset cannot move: correct location, or name another dataset",
			warehouse.ErrUnreachable, w.cfg.Dataset, md.Location, w.cfg.Location)
	}
	w.location = md.Location
	return w.location, nil
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
