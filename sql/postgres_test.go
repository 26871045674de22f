package sql

// postgresSamples render each statement of PostgreSQL that has something to fill in.
func postgresSamples() map[string]any {
	return map[string]any{}
}
