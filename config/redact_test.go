package config_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tapline/config"
)

const hard = "p/ss w+rd\"<ü>&=x"

func TestRedactorForms(t *testing.T) {
	var r config.Redactor
	r.Add(hard)
	r.Add("abc") // too short
	r.Add("postgres://user:pg-passwort@host/db")
	r.Add("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----")
	j, err := json.Marshal(hard)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"Raw": hard, "Query": url.QueryEscape(hard), "Path": url.PathEscape(hard), "Lower": strings.ToLower(url.QueryEscape(hard)),
		"JSON": string(j), "Quoted": fmt.Sprintf("%q", hard),
		"Base64": base64.StdEncoding.EncodeToString([]byte(hard)), "Base64URL": base64.RawURLEncoding.EncodeToString([]byte(hard)),
		"Basic0": base64.StdEncoding.EncodeToString([]byte("usr" + hard + "!")),
		"Basic1": base64.StdEncoding.EncodeToString([]byte("user" + hard)),
		"Basic2": base64.StdEncoding.EncodeToString([]byte("user:" + hard + "??")),
		"URL":    "dial pg-passwort failed", "Line": "MIIEvQIBADANBgkqhkiG9w0B",
	} {
		t.Run(name, func(t *testing.T) {
			got := r.String("before " + in + " after")
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "***") {
				t.Errorf("%s became %s", in, got)
			}
			rest := strings.NewReplacer("before ", "", " after", "", "***", "").Replace(got)
			if len(rest) > 20 {
				t.Errorf("%s became %s", in, got)
			}
		})
	}
	if got := r.String("abc and nothing else"); got != "abc and nothing else" {
		t.Errorf("scrubbed too much: %s", got)
	}
	var none *config.Redactor
	none.Add(hard)
	if none.String(hard) != hard {
		t.Error("the nil redactor scrubs")
	}
}

func TestRedactorOverlaps(t *testing.T) {
	var r config.Redactor
	for _, s := range []string{"wrong", "aabbccdd", "aabbccddeeffgghh", "ccddxxyyzz", "aaaaaaaa"} {
		r.Add(s)
	}
	for in, want := range map[string]string{
		"aabbccddeeffgghh": "***", "aabbccddeeffgg": "***eeffgg", "aabbccddxxyyzz": "***", "aabbccddaabbccdd.": "******.",
		"aaaaaaaaaa": "***", "": "", "wrong": "wrong",
	} {
		if got := r.String(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// However the text is cut into writes, what comes out is what String gives.
func TestRedactWriter(t *testing.T) {
	var r config.Redactor
	for _, s := range []string{hard, "aabbccdd", "aabbccddeeffgghh", "ccddxxyyzz", "aaaaaaaa", canary} {
		r.Add(s)
	}
	text := "start " + hard + " aabbccddxxyyzz aabbccddeeffgg|aabbccddeeffgghh aaaaaaaaaa\n" + canary[:5] + "\n" + canary + canary + "cana"
	for size := 1; size < len(text); size++ {
		var out bytes.Buffer
		w := r.Writer(&out)
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if wrote, err := w.Write([]byte(rest[:n])); err != nil || wrote != n {
				t.Fatalf("Write gives %d, %v", wrote, err)
			}
			rest = rest[n:]
			if strings.Contains(out.String(), canary) {
				t.Fatalf("a secret came out in writes of %d: %s", size, out.String())
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, want := out.String(), r.String(text); got != want {
			t.Fatalf("in writes of %d:\ngot  %q\nwant %q", size, got, want)
		}
	}
}

func TestRedactWriterHoldsLittle(t *testing.T) {
	var r config.Redactor
	r.Add("aaaaaaaa")
	r.Add(canary)
	var out bytes.Buffer
	w := r.Writer(&out)
	fmt.Fprint(w, "no line end")
	if out.String() != "no line end" {
		t.Errorf("held back %q", out.String())
	}
	for range 200 {
		fmt.Fprint(w, strings.Repeat("a", 1000))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); strings.Contains(s, "aaaaaaaa") || len(s) > 1000 || len(s) < len("no line end***") {
		t.Errorf("200,000 letters became %d bytes", len(s))
	}
	if _, err := r.Writer(broken{}).Write([]byte("text\n")); !errors.Is(err, errBroken) {
		t.Errorf("a broken writer gives %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
