package config

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// mask stands for every secret, whatever its length.
const mask = "***"

// A Secret is a text that no log, error, dump or document may show. Every way
// of printing it gives "***" (the empty secret gives ""); Reveal alone gives
// the value. The zero Secret is empty. Secrets compare with ==.
type Secret struct {
	// A handle, not a string: fmt prints an unexported field of somebody
	// else's struct without asking for its methods, and then finds a pointer.
	h unique.Handle[string]
}

// NewSecret returns the secret with the value s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{unique.Make(s)}
}

// Reveal returns the value. Call it where the value leaves for its system and
// nowhere else.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.h.Value()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s == Secret{} }

// Equal reports whether both have the same value.
func (s Secret) Equal(t Secret) bool { return s == t }

// String returns "***", or "" for the empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return mask
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// Format writes what String returns, whatever the verb and its flags are.
func (s Secret) Format(f fmt.State, _ rune) {
	// A fmt.State keeps its own errors and has nowhere to report this one.
	_, _ = io.WriteString(f, s.String())
}

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String does, quoted.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML returns what String does.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
