package main

import (
	"cmp"
	"context"
	"time"

	"tapline/config"
	"tapline/warehouse"
	"tapline/warehouse/postgres"
)

// postgresSection are the keys of a connection of type postgres.
type postgresSection struct {
	URL       config.Secret `yaml:"url" required:"true" doc:"postgres://user:password@host:5432/database?sslmode=verify-full, best as ${env:PG_URL}"`
	Schema    string        `yaml:"schema" doc:"the schema that the tables are in, public by default; it is made when it is not there"`
	Partition string        `yaml:"partition" enum:"day,month,year" doc:"partition new tables by the day, the month or the year of their event_date; without it, not at all"`
	LockWait  time.Duration `yaml:"lock_wait" doc:"how long to wait for a lock that another session holds, such as 30s"`
	MaxConns  int           `yaml:"max_connections" min:"0" max:"1000" doc:"how many connections may be open; 4 by default"`
}

func openPostgres(c config.Connection, o warehouseOptions) (warehouse.Warehouse, error) {
	var s postgresSection
	if err := c.Decode(&s); err != nil {
		return nil, err
	}
	if s.LockWait == 0 {
		s.LockWait = o.settings.LockWait
	}
	w, err := postgres.New(context.Background(), postgres.Config{
		URL: s.URL.Reveal(), Schema: s.Schema, Partition: postgres.Unit(s.Partition), MaxConns: s.MaxConns, LockWait: s.LockWait, Log: o.log, Dial: faultyDial(),
	})
	if err != nil {
		return nil, c.Errorf("", "%v", err)
	}
	return w, nil
}

// placeOfPostgres leaves out the database, which only the secret URL names.
func placeOfPostgres(c config.Connection) (_, schema string, err error) {
	var s postgresSection
	err = c.Decode(&s)
	return "", cmp.Or(s.Schema, "public"), err
}

func postgresTypes() map[string]string {
	return map[string]string{
		"bool": "boolean", "int64": "bigint", "float64": "double precision", "string": "text", "date": "date", "timestamp": "timestamp with time zone",
	}
}
