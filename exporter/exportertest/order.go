package exportertest

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// byName lists the columns of a schema by their names.
func byName(s *arrow.Schema) []int {
	order := make([]int, len(s.Fields()))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch x, y := s.Field(a).Name, s.Field(b).Name; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return order
}
