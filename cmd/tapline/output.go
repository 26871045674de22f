package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A view is what a command found out. It is marshalled as it is under -o json;
// Text writes the same for people.
type view interface{ Text(p *printer) }

// schemaName names the form of the envelope. Within it keys are only added.
const schemaName = "tapline/v1"

// An envelope is the one object on stdout under -o json.
type envelope struct {
	Schema   string   `json:"schema"`
	Command  string   `json:"command"`
	OK       bool     `json:"ok"`
	Result   any      `json:"result"`
	Warnings []string `json:"warnings"`
	Error    *report  `json:"error"`
}

// finish prints what came of the command and returns the exit code.
func (a *app) finish() int {
	code := exitCode(a.failed)
	if code == exitDone {
		code = a.status
	}
	var err error
	if a.flags.output == outputJSON {
		err = a.finishJSON()
	} else {
		err = a.finishText()
	}
	if err != nil { // stdout is gone: a full disk, a closed pipe
		fmt.Fprintln(a.stderr, "tapline: write the result:", err)
		return max(code, exitFailed)
	}
	return code
}

func (a *app) finishJSON() error {
	e := envelope{Schema: schemaName, Command: a.command, OK: a.failed == nil, Result: a.result, Warnings: a.allWarnings()}
	if a.failed != nil {
		e.Error = newReport(a.failed, a.redact)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(e); err != nil {
		return err
	}
	_, err := a.stdout.Write(buf.Bytes())
	return err
}

func (a *app) finishText() error {
	if a.result != nil && (!a.flags.quiet || !silenced(a.result)) {
		var buf bytes.Buffer
		a.result.Text(&printer{w: &buf, width: a.terminal.width, colours: a.colours(a.terminal.out)})
		if _, err := a.stdout.Write(buf.Bytes()); err != nil {
			return err
		}
	}
	p := &printer{w: a.stderr, colours: a.colours(a.terminal.err)}
	if !a.flags.quiet {
		for _, w := range a.allWarnings() {
			p.line("warn  %s", w)
		}
	}
	if a.failed != nil {
		newReport(a.failed, a.redact).Text(p)
	}
	return nil
}

// A quietView is only said to people who did not ask for silence.
type quietView interface{ silent() }

func silenced(v view) bool {
	_, ok := v.(quietView)
	return ok
}

// A text is a result that is a text and nothing else.
type text string

// Text writes it as it is.
func (t text) Text(p *printer) { fmt.Fprint(p.w, string(t)) }

// MarshalJSON makes it an object, as every result is.
func (t text) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"text": string(t)})
}
