package clevertap

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The configuration knows every kind there is, and every key has a kind that
// takes it.
func TestKindsAndKeys(t *testing.T) {
	f, _ := reflect.TypeFor[Selection]().FieldByName("Stream")
	var names, keys []string
	for _, k := range kinds() {
		names = append(names, k.name)
		keys = append(keys, k.keys...)
		if k.about == nil || k.slices == nil || k.read == nil || k.about("E") == "" {
			t.Errorf("kind %s is not whole", k.name)
		}
	}
	if enum := strings.Split(f.Tag.Get("enum"), ","); !slices.Equal(enum, names) {
		t.Errorf("stream: takes %v, the kinds are %v", enum, names)
	}
	for _, key := range keysOf(reflect.TypeFor[Selection]()) {
		if !slices.Contains([]string{"stream", "name", "events", "event"}, key) && !slices.Contains(keys, key) {
			t.Errorf("no kind takes the key %q", key)
		}
	}
	for _, key := range keys {
		if !slices.Contains(keysOf(reflect.TypeFor[Selection]()), key) {
			t.Errorf("a kind takes %q, which is no key", key)
		}
	}
}

func TestForeignKey(t *testing.T) {
	k := kind{name: "k", keys: []string{"label"}}
	err := k.validate(Selection{Stream: "k", Event: "A"})
	if err == nil || !strings.Contains(err.Error(), "event: is no key of stream \"k\", which takes stream, name, label") {
		t.Errorf("validate = %v", err)
	}
}
