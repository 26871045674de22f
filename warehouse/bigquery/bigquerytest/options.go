//go:build cgo && !noduckdb

package bigquerytest

import (
	"encoding/json"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// What a job may say. Anything else is refused, for a server that passes over
// an option would let pass what fails in BigQuery.
const (
	loadWords = "destinationTable sourceUris sourceFormat schema writeDisposition createDisposition schemaUpdateOptions timePartitioning " +
		"clustering destinationTableProperties parquetOptions decimalTargetTypes columnNameCharacterMap ignoreUnknownValues autodetect skipLeadingRows fieldDelimiter " +
		"quote nullMarker allowJaggedRows allowQuotedNewlines preserveAsciiControlCharacters encoding maxBadRecords"
	queryWords = "query useLegacySql defaultDataset parameterMode queryParameters maximumBytesBilled destinationTable writeDisposition " +
		"createDisposition priority useQueryCache"
)

// checkOptions refuses a job with options that this server does not know.
func checkOptions(c *bq.JobConfiguration) error {
	if c.Load != nil {
		return onlyWords(c.Load, loadWords)
	}
	return onlyWords(c.Query, queryWords)
}

// onlyWords refuses a resource that sets other fields than the words.
func onlyWords(v any, words string) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var set map[string]any
	if err := json.Unmarshal(b, &set); err != nil {
		return err
	}
	known := strings.Fields(words)
	for name, value := range set {
		if !slices.Contains(known, name) && value != false && value != nil {
			return invalid("the option %s is not served by bigquerytest", name)
		}
	}
	return nil
}
