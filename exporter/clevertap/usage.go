package clevertap

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tapline/exporter"
)

// A meter adds up what requests cost, by API.
type meter struct {
	mu   sync.Mutex
	apis map[string]exporter.Usage
}

func (m *meter) note(api string, add func(u *exporter.Usage)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.apis == nil {
		m.apis = map[string]exporter.Usage{}
	}
	u := m.apis[api]
	u.API = api
	add(&u)
	m.apis[api] = u
}

// asked notes a request that waited so long at its gate.
func (m *meter) asked(api string, gate time.Duration) {
	m.note(api, func(u *exporter.Usage) { u.Requests, u.Gate = u.Requests+1, u.Gate+gate })
}

// again notes a wait before the same is asked again.
func (m *meter) again(api string, f *failure, wait time.Duration) {
	m.note(api, func(u *exporter.Usage) {
		u.Retries++
		if f.kind == crowded || f.kind == pending || f.after > 0 {
			u.Told += wait
		} else {
			u.Pauses += wait
		}
	})
}

// Usage implements exporter.Metered.
func (s *Source) Usage() []exporter.Usage {
	m := &s.c.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.apis), func(a, b exporter.Usage) int { return strings.Compare(a.API, b.API) })
}
