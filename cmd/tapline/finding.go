package main

import (
	"errors"
	"slices"
	"strings"
)

// How well something is.
const (
	findingOK   = "ok"
	findingWarn = "warn"
	findingFail = "FAIL"
)

// A finding is one thing that check or doctor looked at.
type finding struct {
	Status string `json:"status"`
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code,omitempty"`
	Fix    string `json:"fix,omitempty"`

	err error
}

func good(what, detail string) finding { return finding{Status: findingOK, What: what, Detail: detail} }

// bad is what a failed look becomes.
func (a *app) bad(what string, err error) finding {
	r := newReport(err, a.redact)
	detail := r.Message
	if at := r.Where; at.File != "" {
		at.Path = ""
		detail = at.String() + ": " + detail
	}
	return finding{Status: findingFail, What: what, Detail: detail, Code: r.Code, Fix: r.Fix, err: err}
}

// findings are the result of check and doctor.
type findings struct {
	Findings []finding `json:"findings"`
}

// add adds x, unless the same was found before, as when pipelines share a
// connection.
func (f *findings) add(x finding) {
	same := func(y finding) bool { return x.Status == y.Status && x.What == y.What && x.Detail == y.Detail }
	if !slices.ContainsFunc(f.Findings, same) {
		f.Findings = append(f.Findings, x)
	}
}

// Text implements view.
func (f findings) Text(p *printer) {
	colour := map[string]string{findingOK: green, findingWarn: yellow, findingFail: red}
	for _, x := range f.Findings {
		detail := prefixed(": ", x.Detail)
		if strings.Contains(detail, "\n") {
			detail = ":"
		}
		p.line("%s%s  %s", p.paint(colour[x.Status], x.Status), "    "[len(x.Status):], x.What+detail)
		if detail == ":" {
			p.field("      ", x.Detail)
		}
		if x.Fix != "" {
			p.field("      fix   ", x.Fix)
		}
		if x.Code != "" {
			p.line("      code  %s", x.Code)
		}
	}
}

// failed are the errors of what failed, under one that says what that means.
func (f findings) failed(means error) error {
	var errs []error
	for _, x := range f.Findings {
		if x.Status == findingFail {
			errs = append(errs, x.err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &findingsError{means, errs}
}

// A findingsError says that a check failed. It is as bad as the worst of what
// it found.
type findingsError struct {
	means error
	errs  []error
}

func (e *findingsError) Error() string {
	n := int64(len(e.errs))
	if errors.Is(e.means, errCheck) {
		return plural(n, "check") + " failed"
	}
	return plural(n, "problem")
}
func (e *findingsError) Unwrap() error { return e.means }

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
