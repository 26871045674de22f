package clevertap

import (
	"context"
	"fmt"

	"tapline/exporter"
)

// Count implements exporter.Counter for the events of a day, by the account's
// own count of them, with the filters of the stream. That count may be an
// estimate: CleverTap samples in some of its own reports and does not say where
// it does not. Filters that the count does not take, session_properties and
// advanced_query, and all other kinds of stream are exporter.ErrNotCounted.
func (s *Source) Count(ctx context.Context, sl exporter.Slice) (int64, error) {
	_, e, err := s.kindOf(sl.Stream)
	if err != nil {
		return 0, err
	}
	if sl.Stream.Kind != KindEvents || sl.Day.IsZero() || len(e.SessionProperties)+len(e.AdvancedQuery) > 0 {
		return 0, fmt.Errorf("clevertap: %s %s: %w", sl.Stream.Name, sl.Name, exporter.ErrNotCounted)
	}
	q, err := s.counting(KindEventCounts, sl.Stream.Vars["event"], sl.Day, sl.Day, e.Filters, nil)
	if err != nil {
		return 0, err
	}
	return s.counted(ctx, q)
}
