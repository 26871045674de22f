package clevertaptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tapline/exporter"
)

// A messageFilter is what message reports can be narrowed by. With Daily each
// has its counts by day as well, in a shape that the vendor has not documented.
type messageFilter struct {
	Channel     []string `json:"channel"`
	Delivery    []string `json:"delivery"`
	Status      []string `json:"status"`
	MessageType []string `json:"message_type"`
	Label       []string `json:"label"`
	Daily       bool     `json:"daily"`
}

// messages are the account's that began on a day: some on each day that has
// events. Their counts rise until a month after their start.
func (s *Server) messages(day exporter.Day, f messageFilter) []map[string]any {
	shop, ok := s.opt.Data.(*Shop)
	if !ok || shop.Len(AppLaunched, day) == 0 {
		return nil
	}
	var out []map[string]any
	for i := range 3 + int(shop.hash(-2, day, 0)%3) {
		if m := shop.message(day, i, s.opt.Now(), f); m != nil {
			out = append(out, m)
		}
	}
	return out
}

// message is message i of those that begin on the day, nil when f leaves it out.
func (s *Shop) message(day exporter.Day, i int, now time.Time, f messageFilter) map[string]any {
	h := s.hash(-3, day, i)
	channel := []string{"push", "email", "whatsapp", "inapp"}[i%4]
	delivery := []string{"one_time", "recurring", "action"}[h%3]
	status := []string{"completed", "running", "stopped"}[h>>4%3]
	kind := []string{"single", "ab"}[i%2]
	labels := [][]string{{"spring"}, {"été", "vip"}, {}}[i%3]
	for _, c := range []struct {
		want []string
		have []string
	}{{f.Channel, []string{channel}}, {f.Delivery, []string{delivery}}, {f.Status, []string{status}}, {f.MessageType, []string{kind}}, {f.Label, labels}} {
		if len(c.want) > 0 && !slices.ContainsFunc(c.have, func(v string) bool { return slices.Contains(c.want, v) }) {
			return nil
		}
	}
	age := min(30, max(0, exporter.DayOf(now.In(s.location())).Epoch()-day.Epoch()))
	sent := 500 + int64(h%4000)
	viewed := sent * int64(20+age) / 100
	start := day.Start(s.location()).Add(time.Duration(8+h%12)*time.Hour + time.Duration(h>>9%60)*time.Minute)
	m := map[string]any{
		"message id": 1600000000 + day.Epoch()*10 + int32(i), "message_name": fmt.Sprintf("%s no. %d of %s", channel, i+1, day),
		"channel": channel, "delivery": delivery, "start_date": start.Format("02 Jan, 2006 15:04:05"), "status": status,
		"sent": sent, "viewed": viewed, "clicked": viewed / 8, "conversion_event": OrderPlaced, "labels": labels, "device": []string{"Android", "iOS"},
	}
	if i == 1 {
		m["variant"] = "B" // A/B tests only
		delete(m, "conversion_event")
	}
	if f.Daily {
		m["daily"] = map[string]any{day.String(): map[string]any{"sent": sent, "viewed": viewed}}
	}
	return m
}

func messagesAnswer(s *Server, _ *http.Request, q Request, _ Fault) answer {
	var f messageFilter
	if err := json.Unmarshal(q.body, &f); err != nil || q.From.IsZero() || q.To.Before(q.From) {
		return fail(400, 400, "Invalid request")
	}
	if q.To.Epoch()-q.From.Epoch() > 13 {
		s.mu.Lock()
		s.violate("request %d: message reports of %s to %s take minutes", q.N, q.From, q.To)
		s.mu.Unlock()
	}
	found := []map[string]any{}
	for d := q.From; !q.To.Before(d); d = d.Add(1) {
		found = append(found, s.messages(d, f)...)
	}
	return succeed(map[string]any{"total_results": len(found), "messages": found})
}
