package clevertaptest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// shows are the breakdowns of the people of this moment, and the shares that
// this server gives their values.
func shows() map[string]map[string]int64 {
	return map[string]map[string]int64{
		"user_type":      {"Registered": 7, "Anonymous": 3},
		"session_source": {"Direct": 6, "Google": 3, "été / \"mail\"": 1},
		"browser":        {"Chrome": 2, "Safari": 1},
		"os":             {"Android": 6, "iOS": 3, "Windows": 1},
		"device":         {"Mobile": 9, "Desktop": 1},
		"new":            {"true": 1, "false": 9},
	}
}

// now answers with how many people are there at this moment: a number made up
// from the minute. Breakdowns need not add up to it.
func now(s *Server, q query) answer {
	var body map[string]bool
	if err := json.Unmarshal(q.body, &body); err != nil {
		s.accuse("request %d: %s: a body that is no set of flags: %v", q.N, q.Path, err)
		return fail(http.StatusBadRequest, 400, "Invalid request body")
	}
	at := s.opt.Now()
	var n int64
	if s.opt.Region != EmptyAccount {
		n = 20 + int64(mix(uint64(at.Unix()/60))%500)
	}
	out := map[string]any{"status": "success", "count": n, "last_processed_ts": at.Unix() - 7}
	for _, k := range slices.Sorted(maps.Keys(body)) {
		shares, known := shows()[k]
		if !known {
			s.accuse("request %d: %s: there is no breakdown by %s", q.N, q.Path, k)
			return fail(http.StatusBadRequest, 400, "Invalid parameter")
		}
		block := map[string]int64{}
		for name, share := range shares {
			block[name] = n * share / 10
		}
		if body[k] {
			out[k] = block
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return text(500, "")
	}
	return answer{status: 200, body: b}
}
