package main

import "strings"

// demoResult is the result of demo.
type demoResult struct {
	Config    string         `json:"config"`
	Database  string         `json:"database"`
	Data      string         `json:"data"`
	Run       *runResult     `json:"run"`
	Tables    []loadedTable  `json:"tables"`
	Questions []demoQuestion `json:"questions"`

	shown bool // already, because the server goes on
}

type demoQuestion struct {
	Question string `json:"question"`
	SQL      string `json:"sql"`
	Answer   rows   `json:"answer"`
}

// Text implements view.
func (r *demoResult) Text(p *printer) {
	if r.shown {
		return
	}
	p.line("An online shop's CleverTap account: %s.", r.Data)
	if r.Run != nil {
		for _, pl := range r.Run.Pipelines {
			pl.brief(p)
		}
	}
	if len(r.Tables) == 0 {
		return
	}
	p.line("")
	p.line("What is in %s now:", r.Database)
	p.line("")
	tablesList{r.Tables}.Text(p)
	for _, q := range r.Questions {
		p.line("")
		p.line("%s", q.Question)
		p.line("")
		p.lines(indented(q.SQL))
		p.line("")
		p.table(q.Answer.table())
	}
	p.line("")
	p.line("Try next:")
	for _, c := range [][2]string{
		{"tapline verify -c " + r.Config, "is each row there, once?"},
		{"tapline quarantine list -c " + r.Config, "what could not be typed, and why"},
		{"tapline runs list -c " + r.Config, "what ran"},
		{"tapline demo --serve", "keep the account answering; then, elsewhere:"},
		{"tapline plan -c " + r.Config, "what would a run do?"},
		{"tapline preview demo -c " + r.Config, "the vendor's rows as they are"},
		{"tapline init", "a tapline.yaml of your own"},
	} {
		p.line("  %-52s %s", c[0], c[1])
	}
}

func indented(s string) string {
	return "    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n"
}
