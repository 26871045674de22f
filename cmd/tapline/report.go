package main

import (
	"errors"
	"fmt"
	"strings"

	"tapline/config"
	"tapline/exporter"
	"tapline/loader"
)

// A report says for people and programs what went wrong: what, where, why, and
// what to do.
type report struct {
	Code     string `json:"code"`
	ExitCode int    `json:"exitCode"`
	Title    string `json:"title"`
	Message  string `json:"message"` // why, in the words of whoever met it
	Fix      string `json:"fix"`
	// Where it happened; empty fields do not apply.
	Where where `json:"where"`
	// Times counts how often the same happened, at other places.
	Times int `json:"times,omitempty"`
	// Causes tell them apart when several things failed.
	Causes []report `json:"causes,omitempty"`
}

type where struct {
	Pipeline string `json:"pipeline,omitempty"`
	Stream   string `json:"stream,omitempty"`
	Slice    string `json:"slice,omitempty"`
	Table    string `json:"table,omitempty"`
	View     string `json:"view,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Path     string `json:"path,omitempty"`
}

// newReport describes err without any secret.
func newReport(err error, redact func(string) string) *report {
	r := describe(err, redact)
	r.ExitCode = exitCode(err)
	return &r
}

func describe(err error, redact func(string) string) report {
	var many manyErrors
	var run *runError
	var views *viewsError
	var mistakes config.Errors
	var mistake *config.Error
	switch {
	case errors.As(err, &many):
		var causes []report
		for _, e := range many {
			causes = append(causes, *newReport(e, redact))
		}
		return summed(err, causes, redact)
	case errors.As(err, &run):
		return summed(err, runCauses(run, redact), redact)
	case errors.As(err, &views):
		return summed(err, views.causes(redact), redact)
	case errors.As(err, &mistakes) && len(mistakes) > 1:
		var causes []report
		for _, e := range mistakes {
			causes = append(causes, describe(e, redact))
		}
		return summed(err, causes, redact)
	}
	r := unplaced(err, redact)
	var usage usageError
	switch {
	case errors.As(err, &usage):
		r.Fix = "see " + usage.help
	case errors.As(err, &mistake):
		r.Where = where{File: mistake.File, Line: mistake.Line, Column: mistake.Column, Path: mistake.Path}
		said := *mistake // without what Where and Fix say
		said.File = ""
		if mistake.Remedy != "" {
			r.Fix, said.Remedy = redact(mistake.Remedy), ""
		}
		r.Message = redact(said.Error())
	}
	return r
}

func unplaced(err error, redact func(string) string) report {
	f := classify(err)
	return report{Code: f.Code, ExitCode: f.Exit, Title: f.Title, Fix: f.Fix, Message: redact(err.Error())}
}

// summed is the report of several: the worst one names it.
func summed(err error, causes []report, redact func(string) string) report {
	r := causes[0]
	for _, c := range causes[1:] {
		if c.ExitCode != r.ExitCode && worse(c.ExitCode, r.ExitCode) == c.ExitCode {
			r = c
		}
	}
	if len(causes) > 1 {
		r.Message, r.Fix = redact(err.Error()), classify(err).Fix
		r.Where = where{Pipeline: r.Where.Pipeline}
		r.Times = 0
	}
	r.Causes = causes
	return r
}

// runCauses describes each kind of failure of a run once, at its first place.
func runCauses(run *runError, redact func(string) string) []report {
	var causes []report
	at := map[string]int{}
	for _, f := range run.failures {
		c := unplaced(f.Err, redact)
		key := c.Code + "\x00" + c.Message
		switch {
		case errors.Is(f.Err, loader.ErrHeld):
			key = c.Code // each is held by the same failure
		case errors.Is(f.Err, exporter.ErrUnauthorized):
			key = c.Code + "\x00" + f.Stream // a right is missing for the stream, whatever the slice
		}
		if i, seen := at[key]; seen {
			causes[i].Times++
			continue
		}
		c.Where = where{Pipeline: run.pipeline, Stream: f.Stream, Slice: f.Slice, Table: f.Table}
		c.Times = 1
		at[key] = len(causes)
		causes = append(causes, c)
	}
	return causes
}

// Text writes a block for each cause.
func (r *report) Text(p *printer) {
	if len(r.Causes) > 0 {
		for i := range r.Causes {
			r.Causes[i].Text(p)
		}
		return
	}
	p.line("%s  %s", p.paint(red, "FAIL"), r.Code)
	p.line("  what   %s", r.Title)
	at := r.Where
	if strings.Contains(r.Message, at.Path) {
		at.Path = "" // said there
	}
	if at := at.String(); at != "" {
		if r.Times > 1 {
			at += fmt.Sprintf("  (and %d more)", r.Times-1)
		}
		p.line("  where  %s", at)
	}
	p.field("  why    ", r.Message)
	p.field("  fix    ", r.Fix)
}

// String is one line for people.
func (w where) String() string {
	s := ""
	add := func(word, value string) {
		if value == "" {
			return
		}
		if s != "" {
			s += "  "
		}
		s += word + value
	}
	if w.File != "" {
		at := w.File
		if w.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", w.File, w.Line, w.Column)
		}
		add("", at)
		add("", w.Path)
		return s
	}
	add("pipeline ", w.Pipeline)
	add("stream ", w.Stream)
	add("slice ", w.Slice)
	add("table ", w.Table)
	add("view ", w.View)
	return s
}
