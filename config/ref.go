package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxSecret bounds a secret file: the largest are keys and certificates.
const maxSecret = 64 << 10

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// A piece is a stretch of a text: as it stands, or a reference.
type piece struct {
	literal   string
	from, arg string // "env" or "file", and what of it; from is "" for a literal
}

func (p piece) String() string {
	if p.from == "" {
		return p.literal
	}
	return "${" + p.from + ":" + p.arg + "}"
}

// pieces cuts a text at its references. $${ stands for ${. The error holds
// nothing of the text, which may be a secret.
func pieces(text string) ([]piece, error) {
	var list []piece
	var plain strings.Builder
	for text != "" {
		i := strings.Index(text, "${")
		if i < 0 {
			break
		}
		if i > 0 && text[i-1] == '$' {
			plain.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		body, rest, closed := strings.Cut(text[i+2:], "}")
		if !closed {
			return nil, errors.New("a ${ has no }")
		}
		from, arg, _ := strings.Cut(body, ":")
		if from != "env" && from != "file" || arg == "" || from == "env" && !envName.MatchString(arg) {
			return nil, errors.New("a ${...} is neither ${env:NAME} nor ${file:/path}")
		}
		plain.WriteString(text[:i])
		if plain.Len() > 0 {
			list = append(list, piece{literal: plain.String()})
			plain.Reset()
		}
		list, text = append(list, piece{from: from, arg: arg}), rest
	}
	plain.WriteString(text)
	if plain.Len() > 0 {
		list = append(list, piece{literal: plain.String()})
	}
	return list, nil
}

func hasRef(list []piece) bool {
	for _, p := range list {
		if p.from != "" {
			return true
		}
	}
	return false
}

// fetch returns what a reference refers to.
func (d *decoder) fetch(ref piece, at place, path string, secret bool) (string, bool) {
	if ref.from == "env" {
		v := os.Getenv(ref.arg)
		if v != "" {
			return v, true
		}
		state := "not set"
		if _, set := os.LookupEnv(ref.arg); set {
			state = "empty"
		}
		d.p.add(at, path, "%s: the environment variable %s is %s", path, ref.arg, state).
			remedy("set it where tapline runs, or use ${file:/path}")
		return "", false
	}
	name := ref.arg
	if !filepath.IsAbs(name) {
		name = filepath.Join(at.src.dir, name)
	}
	v, mode, err := readSecret(name)
	if err != nil {
		d.p.add(at, path, "%s: cannot read the secret: %v", path, err).because(err).
			remedy("check the path and the rights of the user that runs tapline")
		return "", false
	}
	if secret && mode.Perm()&0o004 != 0 {
		d.p.warn(at, path, "%s: everybody on this machine may read %s", path, name).remedy("chmod 600 %s", name)
	}
	return v, true
}

// readSecret returns a file's text without the line end after it.
func readSecret(name string) (string, fs.FileMode, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = f.Close() }() // only read from
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	if info.IsDir() {
		return "", 0, fmt.Errorf("%s is a directory", name)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", 0, err
	}
	v := strings.TrimRight(string(b), "\r\n")
	switch {
	case len(b) > maxSecret:
		return "", 0, fmt.Errorf("%s is larger than 64 KiB", name)
	case v == "":
		return "", 0, fmt.Errorf("%s is empty", name)
	}
	return v, info.Mode(), nil
}

// A SecretRef is a secret of the file that is not looked up yet, so that a
// command that does not need it does not ask for it. The zero value is none.
type SecretRef struct {
	n    *node
	path string
	own  *shared
}

// IsZero reports whether the file gives no secret.
func (r SecretRef) IsZero() bool { return r.n == nil }

// Resolve looks the secret up, and tells the configuration's Redactor. Errors:
// Errors with the place, when the variable or file is not there. The zero
// SecretRef gives the empty secret.
func (r SecretRef) Resolve() (Secret, error) {
	if r.IsZero() {
		return Secret{}, nil
	}
	var p problems
	d := decoder{p: &p, refs: true, resolve: true, own: r.own}
	s := d.secret(r.n, r.path)
	r.own.warn(p.warns)
	return s, p.errs.sorted().orNil()
}
