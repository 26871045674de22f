package main

import (
	"fmt"
	"strings"
	"time"

	"tapline/exporter"
)

// usageResult is what the requests to one API of the source have cost. Seconds
// are sums over requests that waited side by side.
type usageResult struct {
	API          string  `json:"api"`
	Requests     int64   `json:"requests"`
	Retries      int64   `json:"retries"`      // of them, those that asked again
	GateSeconds  float64 `json:"gateSeconds"`  // waited for a slot among tapline's own
	ToldSeconds  float64 `json:"toldSeconds"`  // waited as the source said: too many, or in progress
	PauseSeconds float64 `json:"pauseSeconds"` // waited after faults
}

// usageOf asks the source, as it was opened, what it was asked.
func usageOf(s exporter.Source) []usageResult {
	list := []usageResult{}
	m, ok := s.(exporter.Metered)
	if !ok {
		return list
	}
	for _, u := range m.Usage() {
		list = append(list, usageResult{u.API, u.Requests, u.Retries, u.Gate.Seconds(), u.Told.Seconds(), u.Pauses.Seconds()})
	}
	return list
}

// worthSaying is the time waited from which on people are told without asking.
const worthSaying = time.Second

// usageLine says in a line what the source was asked, and whether that is worth
// saying: something was waited for.
func usageLine(list []usageResult) (line string, waited bool) {
	var sum usageResult
	for _, u := range list {
		sum.Requests += u.Requests
		sum.Retries += u.Retries
		sum.GateSeconds += u.GateSeconds
		sum.ToldSeconds += u.ToldSeconds
		sum.PauseSeconds += u.PauseSeconds
	}
	line = plural(sum.Requests, "request")
	if sum.Retries > 0 {
		line += fmt.Sprintf(", %s of them again", count(sum.Retries))
	}
	var waits []string
	for _, w := range []struct {
		seconds float64
		why     string
	}{{sum.GateSeconds, "for a slot"}, {sum.ToldSeconds, "as the source said"}, {sum.PauseSeconds, "after faults"}} {
		if took := time.Duration(w.seconds * float64(time.Second)); took >= worthSaying {
			waits = append(waits, took.Round(time.Second).String()+" "+w.why)
		}
	}
	if len(waits) > 0 {
		line += "; waited " + strings.Join(waits, ", ")
	}
	return line, len(waits) > 0
}
