package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tapline/config"
	"tapline/warehouse"
	"tapline/warehouse/bigquery"
)

// bigquerySection are the keys of a connection of type bigquery.
type bigquerySection struct {
	Project     string        `yaml:"project" required:"true" doc:"the Google Cloud project of the dataset"`
	Dataset     string        `yaml:"dataset" required:"true" pattern:"^[A-Za-z0-9_]+$" want:"letters, digits and underscores" doc:"the dataset that the tables are in; it must exist"`
	Location    string        `yaml:"location" doc:"where the dataset is, such as asia-south1; without it, as the dataset says"`
	Billing     string        `yaml:"billing_project" doc:"the project that pays for jobs; without it, project"`
	KeyFile     string        `yaml:"key_file" path:"true" doc:"the key file of a service account; without it, application default credentials"`
	KeyJSON     config.Secret `yaml:"key_json" doc:"the content of such a key file"`
	Impersonate string        `yaml:"impersonate" doc:"the e-mail of a service account to act as"`
	Labels      []string      `yaml:"labels" pattern:"^[a-z][a-z0-9_-]{0,62}=[a-z0-9_-]{0,63}$" want:"key=value in lower case" doc:"labels of tables and jobs, as key=value"`
	MaxBilled   config.Size   `yaml:"maximum_bytes_billed" doc:"a query that would read more than this fails, such as 10GiB"`
	Price       float64       `yaml:"price_per_tib" min:"0" doc:"what a TiB that queries read costs in USD, for the estimate of tapline plan; without it, the list price of most regions, 6.25; 0 with reserved slots"`
	NeedFilter  bool          `yaml:"require_partition_filter" doc:"let queries of users fail that do not say which partitions they read"`
	Expire      time.Duration `yaml:"partition_expiration" doc:"how long a partition is kept, such as 9600h; without it, for ever"`
	Flexible    bool          `yaml:"flexible_names" doc:"take column names beyond letters, digits and underscores"`
	Endpoint    string        `yaml:"endpoint" pattern:"^https?://" want:"an address such as http://localhost:9050" doc:"another address than Google's, for emulators; it is asked without credentials"`
}

func openBigQuery(c config.Connection, o warehouseOptions) (warehouse.Warehouse, error) {
	s := bigquerySection{Price: bigquery.ListPrice}
	if err := c.Decode(&s); err != nil {
		return nil, err
	}
	// The client lives as long as the process; each call has a context of its own.
	w, err := bigquery.New(context.Background(), bigquery.Config{
		Project: s.Project, Dataset: s.Dataset, Location: s.Location, BillingProject: s.Billing, Endpoint: s.Endpoint,
		KeyFile: s.KeyFile, KeyJSON: []byte(s.KeyJSON.Reveal()), Impersonate: s.Impersonate, Labels: labelsOf(s.Labels),
		MaxBytesBilled: int64(s.MaxBilled), PricePerTiB: s.Price, RequirePartitionFilter: s.NeedFilter, PartitionExpiration: s.Expire,
		FlexibleNames: s.Flexible, Stage: o.settings.Stage.URL, Log: o.log, HTTP: faultyClient(), Sleep: faultySleep(),
	})
	switch {
	case errors.Is(err, warehouse.ErrUnauthorized): // of the machine, not of the file
		return nil, fmt.Errorf("connection %s: %w", c.Name, err)
	case err != nil:
		return nil, c.Errorf("", "%v", err)
	}
	return w, nil
}

// labelsOf turns key=value into a map.
func labelsOf(pairs []string) map[string]string {
	labels := make(map[string]string, len(pairs))
	for _, p := range pairs {
		key, value, _ := strings.Cut(p, "=")
		labels[key] = value
	}
	return labels
}

func placeOfBigQuery(c config.Connection) (project, dataset string, err error) {
	var s bigquerySection
	err = c.Decode(&s)
	return s.Project, s.Dataset, err
}

func bigqueryTypes() map[string]string {
	return map[string]string{"bool": "bool", "int64": "int64", "float64": "float64", "string": "string", "date": "date", "timestamp": "timestamp"}
}
