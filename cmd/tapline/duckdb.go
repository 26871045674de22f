package main

import (
	"path/filepath"
	"strings"
	"time"

	"tapline/config"
)

// duckdbSection are the keys of a connection of type duckdb. A build without
// DuckDB takes them too, so that a configuration is right or wrong everywhere.
type duckdbSection struct {
	Path     string        `yaml:"path" required:"true" path:"true" doc:"the database file; it is made when it is not there"`
	Snapshot string        `yaml:"snapshot" path:"true" doc:"a copy that BI tools may keep open, replaced after each run"`
	LockWait time.Duration `yaml:"lock_wait" doc:"how long to wait while another program holds the file, such as 30s"`
	Memory   config.Size   `yaml:"memory" doc:"what DuckDB may hold in memory, such as 256MiB"`
	Threads  int           `yaml:"threads" min:"0" max:"1024" doc:"how many threads DuckDB may use; 0 = one for each processor"`
	TempDir  string        `yaml:"temp_dir" path:"true" doc:"a folder for what does not fit in memory"`
}

// placeOfDuckDB is the database's file, whose name stands for it.
func placeOfDuckDB(c config.Connection) (database, schema string, err error) {
	var s duckdbSection
	err = c.Decode(&s)
	file := filepath.Base(s.Path)
	return strings.TrimSuffix(file, filepath.Ext(file)), "main", err
}

func duckdbTypes() map[string]string {
	return map[string]string{
		"bool": "boolean", "int64": "bigint", "float64": "double", "string": "varchar", "date": "date", "timestamp": "timestamp with time zone",
	}
}
