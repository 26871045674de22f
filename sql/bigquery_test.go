package sql

// bigquerySamples render each statement of BigQuery that has something to fill in.
func bigquerySamples() map[string]any {
	return map[string]any{}
}
