package bucket

import (
	"errors"
	"strings"
	"testing"

	"tapline/exporter"
)

// TestLocateJSON: objects are opened, and values named, as Read does it.
func TestLocateJSON(t *testing.T) {
	const export = "1663664837-1663665000-Charged-20260901-0-db.json.gz"
	for _, c := range []struct {
		object string
		sel    Selection
		first  string
		keys   string // paths, with | between keys
		opened string // those of a few paths that are opened
		want   string
	}{
		{object: "a.json", keys: "a x.y", want: "a:json x.y:json"},
		{object: "a.json", sel: Selection{Formats: Formats{Flatten: true}}, keys: "a b|c b|x.y", opened: "profile profile|a deviceInfo|dimensions ts x x|y", want: "a:json b.c:json b.x.y:json"},
		{object: "a.json", first: "Charged", keys: "a", want: "a:json"},
		{object: export, first: `"Charged"`, keys: "ts profile|name profile eventProps|a deviceInfo|dimensions|w x", opened: "profile deviceInfo|dimensions",
			want: "event_date:json_compact_day ts:json_compact profile.name:json_text profile:json eventProps.a:json deviceInfo.dimensions.w:json x:json eventName=Charged"},
		{object: export, sel: Selection{Formats: Formats{Flatten: true}}, keys: "ts eventName event_date session_props|a x|y", opened: "profile deviceInfo|dimensions x x|y",
			want: "ts:json_compact eventName:json_name event_date:json sessionProps.a:json x.y:json"},
		{object: export, first: "Charged", keys: "", opened: "profile deviceInfo|dimensions", want: "ts= event_date= eventName=Charged"},
		{object: export, sel: Selection{Layout: "plain"}, keys: "ts profile", want: "ts:json profile:json"},
		{object: export, keys: "a profile|b", opened: "profile deviceInfo|dimensions", want: "layout: plain"},
		{object: export, sel: Selection{Formats: Formats{Flatten: true}}, keys: "a", opened: "profile deviceInfo|dimensions x x|y", want: "layout: plain"},
		{object: export, keys: "a", opened: "profile deviceInfo|dimensions", want: "a:json"},
		{object: "a.json", sel: Selection{Layout: "clevertap"}, keys: "a", opened: "profile deviceInfo|dimensions", want: "layout: is clevertap"},
		{object: export, first: `"\ufffd"`, keys: "ts", opened: "profile deviceInfo|dimensions", want: "U+FFFD"},
		{object: "a.json", sel: Selection{Formats: Formats{Flatten: true}}, keys: "a|b a.b", opened: "profile profile|a deviceInfo|dimensions ts x x|y", want: "both the column"},
	} {
		t.Run(c.object+" "+c.want, func(t *testing.T) {
			s, _, sl := located(t, c.object, c.sel)
			at, err := s.Locate(t.Context(), sl)
			if err != nil || at.Format != "json" {
				t.Fatalf("located %+v, %v", at, err)
			}
			var opened []string
			for _, path := range strings.Fields("profile profile|a deviceInfo|dimensions ts x x|y") {
				if at.Open(strings.Split(path, "|")) {
					opened = append(opened, path)
				}
			}
			if got := strings.Join(opened, " "); got != c.opened {
				t.Errorf("opened are %s, want %s", got, c.opened)
			}
			var found exporter.Found
			if c.first != "" {
				found.First = []string{c.first}
			}
			for _, path := range strings.Fields(c.keys) {
				found.Keys = append(found.Keys, strings.Split(path, "|"))
			}
			columns, err := at.Columns(t.Context(), found)
			var got []string
			for _, column := range columns {
				if column.Value != nil {
					got = append(got, column.Name+"="+column.Value.Text)
				} else {
					got = append(got, column.Name+":"+string(column.As))
				}
			}
			switch {
			case err != nil && (!errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %s", err, c.want)
			case err == nil && strings.Join(got, " ") != c.want:
				t.Errorf("columns %s, want %s", strings.Join(got, " "), c.want)
			}
		})
	}
}
