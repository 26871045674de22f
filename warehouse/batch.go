package warehouse

import "context"

// A Batcher loads several slices in one go, where a load of its own for each
// costs more: by jobs, by seconds, or against a quota. Optional.
type Batcher interface {
	// LoadAll does what Load would do for each of the loads, one after the other,
	// and returns what became of each, in their order. All go into one table. A
	// load that fails keeps none of the others from being loaded; each has its
	// receipt, and keeps Load's promise for itself. Calling it again with the same
	// loads, all or some, or Load with any of them, changes nothing.
	LoadAll(ctx context.Context, loads []Load) []Outcome
}

// An Outcome is what became of a load: its receipt, or why it is not loaded, in
// the errors of Load.
type Outcome struct {
	Receipt Receipt
	Err     error
}
