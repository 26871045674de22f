package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tapline/config"
)

const canary = "canary-5e7c"

// Structs a caller might print whole, with the secret in every position.
type holder struct {
	Open   config.Secret `json:"open" yaml:"open"`
	hidden config.Secret
	Ptr    *config.Secret `json:"ptr" yaml:"ptr"`
	List   []config.Secret
	Map    map[string]config.Secret
}

func TestSecretNeverPrints(t *testing.T) {
	s := config.NewSecret(canary)
	h := holder{s, s, &s, []config.Secret{s}, map[string]config.Secret{"k": s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T", "%p", "%t"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", h)
		fmt.Fprintf(&out, verb+"\n", &h)
		fmt.Fprintf(&out, verb+"\n", h.hidden)
	}
	fmt.Fprintln(&out, s, &s, h, fmt.Errorf("with %v", h))
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "h", h)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "h", h)
	j, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	out.Write(y)
	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the value is in:\n%s", out.String())
	}
	if got, want := fmt.Sprintf("%v %s %#v", s, s, s), "*** *** ***"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if !strings.Contains(string(j), `"open":"***"`) || !strings.Contains(string(y), "open: \"***\"") && !strings.Contains(string(y), "open: '***'") {
		t.Errorf("marshalled to\n%s\n%s", j, y)
	}
}

func TestSecretValue(t *testing.T) {
	var zero config.Secret
	if zero.Reveal() != "" || zero.String() != "" || !zero.IsZero() || zero != config.NewSecret("") {
		t.Errorf("the zero secret is not the empty one: %q", zero.Reveal())
	}
	s := config.NewSecret(canary)
	if s.Reveal() != canary || s.IsZero() || s != config.NewSecret(canary) || !s.Equal(config.NewSecret(canary)) {
		t.Errorf("Reveal() = %q, want what it was made of", s.Reveal())
	}
	if s.Equal(config.NewSecret("other")) || s.Equal(zero) {
		t.Error("different secrets are equal")
	}
}
