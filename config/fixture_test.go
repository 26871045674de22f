package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tapline/config"
)

// fixtures returns the files of testdata that end in suffix.
func fixtures(t *testing.T, suffix string, least int) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*" + suffix)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < least {
		t.Fatalf("found %d files *%s, want at least %d", len(names), suffix, least)
	}
	return names
}

func TestGoodFixtures(t *testing.T) {
	for _, name := range fixtures(t, ".good.yaml", 12) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c, err := config.Load(name, config.Options{Kinds: kinds()})
			if err != nil {
				t.Fatal(err)
			}
			// What is shown can be read again, and shows the same.
			shown, err := c.Resolved()
			if err != nil {
				t.Fatal(err)
			}
			again := filepath.Join(t.TempDir(), "tapline.yaml")
			if err := os.WriteFile(again, []byte(shown), 0o600); err != nil {
				t.Fatal(err)
			}
			c2, err := config.Load(again, config.Options{Kinds: kinds()})
			if err != nil {
				t.Fatalf("%v\nin\n%s", err, shown)
			}
			shown2, err := c2.Resolved()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(shown, shown2); diff != "" {
				t.Errorf("shown, read and shown again (-first +second):\n%s", diff)
			}
		})
	}
}

// Each bad file has all its messages beside it, a line each. Set
// UPDATE_FIXTURES to write them anew.
func TestBadFixtures(t *testing.T) {
	for _, name := range fixtures(t, ".bad.yaml", 50) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			_, err := config.Load(name, config.Options{Kinds: kinds()})
			var list config.Errors
			if !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("Load gives %v (%T), want Errors", err, err)
			}
			got := strings.ReplaceAll(err.Error(), "testdata"+string(filepath.Separator), "") + "\n"
			golden := strings.TrimSuffix(name, ".yaml") + ".txt"
			if os.Getenv("UPDATE_FIXTURES") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func compiled(t *testing.T, k config.Kinds) *jsonschema.Schema {
	t.Helper()
	text, err := config.Schema(k)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("tapline.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("tapline.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads YAML as an editor does, by the library alone.
func value(text []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &v); err != nil {
		return nil, err
	}
	j, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(j))
}

// Schema and decoder agree: good files pass both; bad files fail the schema
// exactly when they say that their mistake is one of structure.
func TestSchemaAgreesWithLoad(t *testing.T) {
	s := compiled(t, kinds())
	for _, name := range append(fixtures(t, ".good.yaml", 12), fixtures(t, ".bad.yaml", 50)...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			structural := bytes.HasPrefix(text, []byte("# structural\n"))
			v, err := value(text)
			if err != nil {
				if structural || strings.HasSuffix(name, ".good.yaml") {
					t.Fatalf("not valid YAML: %v", err)
				}
				return
			}
			if v == nil {
				return // no text at all, which cannot be marked
			}
			err = s.Validate(v)
			if structural && err == nil {
				t.Error("the schema lets the mistake pass")
			}
			if !structural && err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
		})
	}
}
