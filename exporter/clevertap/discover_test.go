package clevertap_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

func names(streams []exporter.Stream) (out []string) {
	for _, s := range streams {
		out = append(out, s.Name)
	}
	return out
}

func entries(streams []exporter.Stream) (out []int) {
	for _, s := range streams {
		out = append(out, s.Entry)
	}
	return out
}

func events(names ...string) clevertap.Selection {
	return clevertap.Selection{Stream: "events", Events: names}
}

func TestStreams(t *testing.T) {
	tests := []struct {
		name    string
		sel     []clevertap.Selection
		server  clevertaptest.Options
		want    []string
		entries []int
		err     error
		says    string
	}{
		{"All", nil, clevertaptest.Options{}, []string{"events/A", "events/été / b",
			"profiles/A", "profiles.platform_info/A", "profiles.events/A", "profiles/été / b", "profiles.platform_info/été / b", "profiles.events/été / b",
			"event_counts/A", "event_counts/été / b", "profile_counts/A", "profile_counts/été / b", "realtime", "campaigns", "campaign_reports", "message_reports", "event_schema", "user_properties"}, make([]int, 18), nil, ""},
		{"Named", []clevertap.Selection{events("été / b"), events("A")}, clevertaptest.Options{}, []string{"events/été / b", "events/A"}, []int{0, 1}, nil, ""},
		{"StarIsTheRest", []clevertap.Selection{events("*"), events("A")}, clevertaptest.Options{}, []string{"events/été / b", "events/A"}, []int{0, 1}, nil, ""},
		{"NoListNamed", []clevertap.Selection{events("Z")}, clevertaptest.Options{NoSchema: true}, []string{"events/Z"}, []int{0}, nil, ""},
		{"ErrNoListStar", []clevertap.Selection{events("*")}, clevertaptest.Options{NoSchema: true}, nil, nil, nil, "empty"},
		{"ErrUnknown", []clevertap.Selection{events("a")}, clevertaptest.Options{}, nil, nil, exporter.ErrUnknownStream, "none of that name"},
		{"ErrNearest", []clevertap.Selection{events("ete / b")}, clevertaptest.Options{}, nil, nil, exporter.ErrUnknownStream, `did you mean "été / b"`},
		{"ErrRegionRejects", nil, clevertaptest.Options{Region: clevertaptest.RejectsAccount}, nil, nil, exporter.ErrUnauthorized, "region"},
		{"ErrRegionEmpty", nil, clevertaptest.Options{Region: clevertaptest.EmptyAccount}, nil, nil, exporter.ErrUnauthorized, "region"},
		{"ErrRegionEmptyNamed", []clevertap.Selection{events("A")}, clevertaptest.Options{Region: clevertaptest.EmptyAccount}, nil, nil, exporter.ErrUnauthorized, "region"},
		{"ErrAccount", nil, clevertaptest.Options{AccountID: "other"}, nil, nil, exporter.ErrUnauthorized, "check account_id, passcode and region"},
		{"ErrPasscode", nil, clevertaptest.Options{Passcode: "other"}, nil, nil, exporter.ErrUnauthorized, "check account_id, passcode and region"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.server)
			r.server.AddEvents("A", first)
			r.server.AddEvents("été / b", first)
			r.sel = tt.sel
			got, err := r.source(t).Streams(t.Context())
			if d := cmp.Diff(tt.want, names(got)); d != "" {
				t.Errorf("streams (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.entries, entries(got)); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
			if tt.says == "" {
				wantError(t, err)
			} else {
				wantError(t, err, tt.says)
			}
			if tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got error %v, want %v", err, tt.err)
			}
		})
	}
}

func TestStreamShape(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents("Order Placed", first)
	r.sel = []clevertap.Selection{events("*")}
	got, err := r.source(t).Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []exporter.Stream{{
		Name: "events/Order Placed", Kind: "events", Vars: map[string]string{"event": "Order Placed"},
		About: "one row per event Order Placed, with the user as of when it was read", Partition: "event_date",
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		server clevertaptest.Options
		faults []clevertaptest.Fault
		want   error
	}{
		{"OK", clevertaptest.Options{}, nil, nil},
		{"NoSchema", clevertaptest.Options{NoSchema: true}, nil, nil}, // the event it tries is unknown, and that is an answer
		{"NoSchemaRefused", clevertaptest.Options{NoSchema: true, NotExportable: []string{"App Launched"}}, nil, nil},
		{"Hiccup", clevertaptest.Options{}, []clevertaptest.Fault{{Kind: clevertaptest.BadGateway}, {Kind: clevertaptest.Reset}}, nil},
		{"ErrCredentials", clevertaptest.Options{Passcode: "other"}, nil, exporter.ErrUnauthorized},
		{"ErrCredentialsNoSchema", clevertaptest.Options{NoSchema: true, Passcode: "other"}, nil, exporter.ErrUnauthorized},
		{"ErrRegion", clevertaptest.Options{Region: clevertaptest.EmptyAccount}, nil, exporter.ErrUnauthorized},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.server)
			r.server.AddEvents("A", first)
			for _, f := range tt.faults {
				r.server.Fail(clevertaptest.Any, 1, f)
			}
			if err := r.source(t).Check(t.Context()); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestUnreachable: nobody listens.
func TestUnreachable(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	if err := r.server.Close(); err != nil {
		t.Fatal(err)
	}
	src := r.source(t)
	if err := src.Check(t.Context()); !errors.Is(err, exporter.ErrUnreachable) {
		t.Errorf("Check: got %v", err)
	}
	if _, err := src.Streams(t.Context()); !errors.Is(err, exporter.ErrUnreachable) {
		t.Errorf("Streams: got %v", err)
	}
	if _, err := read(t, src, sliceOf(t, src, "A", first), ""); !errors.Is(err, exporter.ErrUnreachable) {
		t.Errorf("Read: got %v", err)
	}
}
