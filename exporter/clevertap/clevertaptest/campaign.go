package clevertaptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tapline/exporter"
)

// The ops of campaigns and of the reports.
const (
	OpCampaigns Op = "campaigns"
	OpResult    Op = "campaign report"
	OpMessages  Op = "message reports"
)

// A Campaign is one that was made through the API, or with Dashboard set one
// that was not: such a campaign is in no list, and has a report all the same.
type Campaign struct {
	ID        int64
	Name      string
	Day       exporter.Day // of its start
	Status    string       // scheduled, pending, running, paused, stopped or completed
	Dashboard bool
	// Unready is how often its report is first not there; < 0 is always.
	Unready int
	// Shape is which of the four answers, from 0, says so.
	Shape int
	// Result is its report, a JSON object.
	Result string
}

// listed is the campaign's entry of the list.
func (c Campaign) listed() map[string]any {
	d := c.Day
	at := (int64(d.Year)*10000+int64(d.Month)*100+int64(d.Day))*10000 + 930
	out := map[string]any{"id": c.ID, "name": c.Name, "scheduled_on": at, "status": c.Status}
	if c.ID%3 == 0 {
		out["channel"] = "push" // not every entry has it
	}
	return out
}

// Campaigns are the shop's: one begins on each of its days, two in the days
// after. Those to come have no report.
func (s *Shop) Campaigns() []Campaign {
	var out []Campaign
	for i := range s.days() + 2 {
		day := s.First.Add(i)
		h := s.hash(-1, day, i)
		sent := 1000 + h%9000
		c := Campaign{
			ID: 1457429935 + int64(i)*1237, Name: fmt.Sprintf("%s %s", []string{"Été sale", "Win back", "Price drop"}[i%3], day), Day: day,
			Status: []string{"completed", "running", "completed", "stopped"}[i%4], Shape: i % 4,
			Result: fmt.Sprintf(`{"sent":%d,"viewed":%d,"clicked":%d}`, sent, sent*3/5, sent/7),
		}
		if i%3 == 1 {
			c.Result = fmt.Sprintf(`{"sent":%d,"clicked":%d,"errors":{"Invalid token":%d},"ctr %%":%d.5}`, sent, sent/9, h%50, h%12)
		}
		if i >= s.days() {
			c.Status, c.Unready = "scheduled", -1
		}
		out = append(out, c)
	}
	return out
}

// campaigns are those of the account.
func (s *Server) campaigns() []Campaign {
	if shop, ok := s.opt.Data.(*Shop); ok && s.opt.Campaigns == nil {
		return shop.Campaigns()
	}
	return s.opt.Campaigns
}

func campaignsAnswer(s *Server, _ *http.Request, q Request, _ Fault) answer {
	if q.From.IsZero() || q.To.Before(q.From) {
		return fail(400, 4002, "Invalid date")
	}
	if q.To.Epoch()-q.From.Epoch() > 30 {
		s.mu.Lock()
		s.violate("request %d: campaigns of %s to %s, which is more than 31 days", q.N, q.From, q.To)
		s.mu.Unlock()
	}
	targets := []map[string]any{}
	for _, c := range s.campaigns() {
		if !c.Dashboard && !c.Day.Before(q.From) && !q.To.Before(c.Day) {
			targets = append(targets, c.listed())
		}
	}
	return succeed(map[string]any{"targets": targets})
}

// succeed is an answer with these keys.
func succeed(keys map[string]any) answer {
	keys["status"] = "success"
	b, err := json.Marshal(keys)
	if err != nil {
		return text(http.StatusInternalServerError, "")
	}
	return answer{status: http.StatusOK, body: b}
}

func resultAnswer(s *Server, _ *http.Request, q Request, _ Fault) answer {
	var body struct{ ID json.Number }
	if err := json.Unmarshal(q.body, &body); err != nil {
		return fail(400, 400, "Invalid id")
	}
	all := s.campaigns()
	i := slices.IndexFunc(all, func(c Campaign) bool { return fmt.Sprint(c.ID) == body.ID.String() })
	if i < 0 {
		return fail(400, 400, "Invalid target id")
	}
	c := all[i]
	s.mu.Lock()
	asked := "report " + body.ID.String()
	wait := c.Unready < 0 || s.pending[asked] < c.Unready
	if wait {
		s.pending[asked]++
	}
	s.mu.Unlock()
	if wait {
		return unready(c.Shape)
	}
	return text(http.StatusOK, `{"status":"success","result":`+c.Result+`}`)
}

// unready is one of the four answers that say that a report is not there yet.
func unready(shape int) answer {
	const none, open = "This target has no result as of yet", "This target hasn't been completed"
	switch shape & 3 {
	case 0:
		return fail(http.StatusConflict, 409, open)
	case 1:
		return fail(http.StatusInternalServerError, 500, none)
	case 2:
		return text(http.StatusOK, `{"status":"success","error":"`+open+`","code":200}`)
	}
	return text(http.StatusOK, `{"status":"fail","error":"`+open+`"}`)
}

// Result matches the requests for the report of a campaign.
func Result(id int64) func(Request) bool {
	return func(r Request) bool {
		return r.Op == OpResult && strings.Contains(string(r.body), fmt.Sprint(id))
	}
}
