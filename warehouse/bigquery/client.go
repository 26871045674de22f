package bigquery

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"

	"tapline/warehouse"
)

// newClient makes the client with the credentials that cfg names. No key is
// ever part of an error.
func newClient(ctx context.Context, cfg Config) (*bq.Client, error) {
	options := []option.ClientOption{option.WithUserAgent("tapline")}
	if cfg.Endpoint != "" {
		options = append(options, option.WithEndpoint(endpoint(cfg.Endpoint)))
	}
	auth := credentials(cfg)
	if cfg.Impersonate != "" {
		source, err := impersonate.CredentialsTokenSource(ctx, impersonate.CredentialsConfig{
			TargetPrincipal: cfg.Impersonate, Scopes: []string{bq.Scope},
		}, auth...)
		if err != nil {
			return nil, fmt.Errorf("%w: acting as %s needs credentials with roles/iam.serviceAccountTokenCreator on it: %s",
				warehouse.ErrUnauthorized, cfg.Impersonate, credentialsRemedy(cfg))
		}
		auth = []option.ClientOption{option.WithTokenSource(source)}
	}
	client, err := bq.NewClient(ctx, cfg.BillingProject, append(options, auth...)...)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", warehouse.ErrUnauthorized, credentialsRemedy(cfg))
	}
	return client, nil
}

// credentials are the options of the user's own credentials.
func credentials(cfg Config) []option.ClientOption {
	switch {
	case cfg.HTTP != nil:
		return []option.ClientOption{option.WithHTTPClient(cfg.HTTP)}
	case len(cfg.KeyJSON) > 0:
		return []option.ClientOption{option.WithCredentialsJSON(cfg.KeyJSON)} //nolint:staticcheck // the user's own configuration
	case cfg.KeyFile != "":
		return []option.ClientOption{option.WithCredentialsFile(cfg.KeyFile)} //nolint:staticcheck // as above
	case cfg.Endpoint != "" && cfg.Impersonate == "":
		// A client of our own: the library's would look for credentials.
		return []option.ClientOption{option.WithoutAuthentication(), option.WithHTTPClient(&http.Client{})}
	}
	return nil
}

func credentialsRemedy(cfg Config) string {
	switch {
	case len(cfg.KeyJSON) > 0:
		return "the key given is not JSON of a service account"
	case cfg.KeyFile != "":
		return fmt.Sprintf("the key file %s cannot be read, or is not of a service account", cfg.KeyFile)
	}
	return "no credentials were found; run gcloud auth application-default login, set GOOGLE_APPLICATION_CREDENTIALS, or name a key file (key_file)"
}

// endpoint is the URL as the client wants it: the path of the API's version,
// and a slash at the end.
func endpoint(url string) string {
	url = strings.TrimRight(url, "/") + "/"
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	if !strings.Contains(url, "/bigquery/v2/") {
		url += "bigquery/v2/"
	}
	return url
}
