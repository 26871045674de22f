package clevertap

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindCampaignReports is the kind of the stream of the campaigns' reports.
const KindCampaignReports = "campaign_reports"

func campaignReportsKind() kind {
	return kind{
		name: KindCampaignReports, bare: true, keys: []string{"ids"},
		about:  func(string) string { return "one row per campaign with what became of it: sent, viewed, clicked" },
		check:  checkIDs,
		slices: sliceCampaigns, read: outline(report).read, replay: outline(report).replay,
	}
}

func checkIDs(e Selection) error {
	for _, id := range e.IDs {
		if id == "" || len(id) > maxID {
			return fmt.Errorf("ids: %q is no id of a campaign", id)
		}
	}
	return nil
}

// maxID bounds an id, which becomes part of a load's name.
const maxID = 100

// varCampaign is where a slice keeps the name of its campaign, which its report
// does not say.
const varCampaign = "campaign"

// A campaign is what the list of campaigns says of one.
type campaign struct {
	id, name, status string
}

// sliceCampaigns makes a slice for each campaign of the months of the window,
// and of those that the entry names. A report is asked for each day until its
// campaign is over.
func sliceCampaigns(ctx context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	_, e, err := s.kindOf(st)
	if err != nil {
		return nil, err
	}
	months, err := s.months(st, w)
	if err != nil {
		return nil, err
	}
	var all []campaign
	for _, first := range months {
		listed, err := s.campaigns(ctx, first)
		if err != nil {
			return nil, err
		}
		all = append(all, listed...)
	}
	if len(months) > 0 {
		for _, id := range e.IDs {
			all = append(all, campaign{id: id})
		}
	}
	var out []exporter.Slice
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.id] {
			continue // it moved from one month to another while it was listed
		}
		seen[c.id] = true
		sl := exporter.Slice{Stream: st, Name: c.id, Revision: s.today().String()}
		if c.status == "completed" || c.status == "stopped" {
			sl.Revision = finalRevision
		}
		if c.name != "" {
			sl.Stream.Vars = map[string]string{varCampaign: c.name}
		}
		out = append(out, sl)
	}
	return out, nil
}

// campaigns lists those that start in a month.
func (s *Source) campaigns(ctx context.Context, first exporter.Day) ([]campaign, error) {
	q, err := listing(first)
	if err != nil {
		return nil, fmt.Errorf("clevertap: %s: %w", q.op, err)
	}
	var out []campaign
	find := s.targets(q)
	_, err = s.c.do(ctx, q, nil, func(body []byte) *failure {
		out = out[:0]
		list, f := find(body)
		if f != nil || list == nil {
			return f
		}
		sc := fjson.NewScanner(list)
		err := sc.Array(func(int) error {
			raw, err := sc.Loose()
			if err != nil {
				return err
			}
			if c := campaignOf(raw); c.id != "" && len(c.id) <= maxID {
				out = append(out, c)
			}
			return nil
		})
		if err != nil {
			return odd(q, "targets is no list")
		}
		return nil
	})
	return out, err
}

// campaignOf reads an entry of the list. One without an id has no report, and
// is left to the stream of campaigns.
func campaignOf(raw []byte) campaign {
	var c struct {
		ID     json.RawMessage `json:"id"`
		Name   json.RawMessage `json:"name"`
		Status json.RawMessage `json:"status"`
	}
	if json.Unmarshal(raw, &c) != nil {
		return campaign{}
	}
	return campaign{scalar(c.ID), scalar(c.Name), strings.ToLower(scalar(c.Status))}
}

// scalar is the text of a string, or a number as it stands; else nothing.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// report outlines the report of a campaign.
func report(s *Source, sl exporter.Slice) (document, error) {
	q := call{
		op: "report of campaign " + sl.Name, api: KindCampaignReports,
		method: http.MethodPost, path: "/1/targets/result.json", unready: true,
	}
	id, isNumber := whole(sl.Name)
	var err error
	if isNumber {
		q.body, err = json.Marshal(map[string]int64{"id": id})
	} else {
		q.body, err = json.Marshal(map[string]string{"id": sl.Name})
	}
	if err != nil {
		return document{}, fmt.Errorf("clevertap: %s: %w", q.op, err)
	}
	return document{
		call: q, list: s.result(q),
		columns: []format.Declared{
			{Name: "id"}, {Name: "name", Kind: exporter.Text},
			{Name: "sent", Kind: exporter.Int}, {Name: "viewed", Kind: exporter.Int}, {Name: "clicked", Kind: exporter.Int},
		},
		root: func(*format.Builder) fjson.Node {
			n := flat("sent", "viewed", "clicked")
			for _, own := range []string{"id", "name"} { // the row has its own
				n.Fields = append(n.Fields, fjson.Field{Key: own, Node: fjson.Node{Column: "result." + own}})
			}
			return n
		},
		constants: func(b *format.Builder) func() {
			ids, names := b.Column("id"), b.Column("name")
			name, text := []byte(sl.Stream.Vars[varCampaign]), []byte(sl.Name)
			return func() {
				if isNumber {
					ids.Int(id)
				} else {
					ids.Text(text)
				}
				if len(name) > 0 {
					names.Text(name)
				}
			}
		},
	}, nil
}

// whole reads an id that is a number written the usual way.
func whole(id string) (int64, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == id
}

// result finds the report in an answer, and makes a list of it.
func (s *Source) result(q call) func(body []byte) ([]byte, *failure) {
	return func(body []byte) ([]byte, *failure) {
		r, f := s.reply(q, body, "result")
		switch raw := r["result"]; {
		case f != nil:
			return nil, f
		case raw == nil:
			e := &APIError{Op: q.op, Status: http.StatusOK, Message: "no result yet", sentinel: exporter.ErrNotReady}
			if r["error"] != nil {
				e.Message = s.c.plain(r["error"])
			}
			return nil, &failure{err: e}
		case raw[0] != '{':
			return nil, odd(q, "the result is no object")
		default:
			return append(append([]byte{'['}, raw...), ']'), nil
		}
	}
}

// unready reports whether an answer says that there is no report yet. Source:
// the vendor's manual for 409; the texts are those of accounts and old samples,
// read 2026-11-22.
func unready(status int, message string) bool {
	text := strings.ToLower(message)
	return status == http.StatusConflict || strings.Contains(text, "no result as of yet") ||
		strings.Contains(text, "target hasn't been completed")
}
