package around

import (
	"fmt"
	"io"
	"strings"

	"synod/checker"
	"synod/checker/report"
	"synod/consistency"
	"synod/internal/noun"
	"synod/model/statespace"
)

// violated reports whether a property is violated after the event.
func (x *Exploration) violated() bool {
	if x.result == nil {
		return false
	}
	for _, p := range x.result.Properties {
		if p.Verdict == checker.Violated {
			return true
		}
	}
	return false
}

// complete reports whether all states within the steps were visited: then any states left to expand are at the last
// level.
func (x *Exploration) complete() bool {
	r, last := x.result, x.config.Steps+1
	return r != nil && (r.Exhausted || r.Depth == last && len(r.Levels) == last && strings.Contains(r.Stopped, "depth"))
}

// Verdict returns the verdict: the string of a consistency.Outcome.
func (x *Exploration) Verdict() string {
	switch {
	case x.before.Violated != "", x.violated():
		return consistency.Violated.String()
	case !x.complete() || x.before.Unjudged != "":
		return consistency.Undecided.String()
	}
	return consistency.Holds.String()
}

// WriteText writes the result, without the time it took.
func (x *Exploration) WriteText(b io.Writer) {
	fmt.Fprintf(b, "Event %d of %s: %s, %s between servers.\n", x.config.Event, x.global.Header.Model,
		noun.Count(x.before.Requests, "request"), noun.Count(len(x.global.Flying), "message"))
	if x.before.Violated != "" {
		fmt.Fprintf(b, "violated    always \"linearizable\", up to that event: no order explains\n  %s\n", x.before.Violated)
		return
	}
	r, violated, complete := x.result, x.violated(), x.complete()
	if violated {
		r.WriteText(b)
	}
	if x.before.Unjudged != "" {
		fmt.Fprintf(b, "unchecked   always \"linearizable\": %s\n", x.before.Unjudged)
	}
	if violated {
		return
	}
	for _, p := range r.Properties {
		switch {
		case p.Expect == statespace.Sometimes:
		case complete && r.Exhausted:
			fmt.Fprintf(b, "holds       %v %q, in all that can follow with these clients\n", p.Expect, p.Name)
		case complete:
			fmt.Fprintf(b, "holds       %v %q, within %s\n", p.Expect, p.Name, noun.Count(x.config.Steps, "step"))
		default:
			fmt.Fprintf(b, "undecided   %v %q\n", p.Expect, p.Name)
		}
	}
	if !complete {
		fmt.Fprintf(b, "The exploration ended early (%s), with %d states left to expand.\n", r.Stopped, r.Frontier)
	}
}

// Document is the machine-readable result.
type Document struct {
	Schema   string            `json:"schema"`
	Model    string            `json:"model"`
	Config   map[string]string `json:"config,omitempty"` // of the servers, from the record
	Event    int               `json:"event"`
	Steps    int               `json:"steps"`
	Requests int               `json:"requests"` // received by servers
	Messages int               `json:"messages"` // in flight between servers
	Exit     int               `json:"exit"`
	Verdict  string            `json:"verdict"` // holds, violated or undecided
	// Complete reports whether all states within the steps were visited, at least until a violation was found.
	Complete bool             `json:"complete"`
	Before   string           `json:"before,omitempty"`   // the linearizability violation before the event
	Unjudged string           `json:"unjudged,omitempty"` // why linearizability was not checked
	Check    *report.Document `json:"check,omitempty"`    // the exploration; absent if Before is set
}

// Schema is the name of the document's format.
const Schema = "synod.around/1"

// Document returns the machine-readable result, without the exit code.
func (x *Exploration) Document() Document {
	h := x.global.Header
	d := Document{
		Schema: Schema, Model: h.Model, Config: h.Config, Event: x.config.Event, Steps: x.config.Steps, Requests: x.before.Requests,
		Messages: len(x.global.Flying), Verdict: x.Verdict(), Complete: x.complete(),
		Before: x.before.Violated, Unjudged: x.before.Unjudged,
	}
	if x.result != nil {
		check := report.Of(x.result)
		check.Model = &report.ModelDocument{
			Name: h.Model, Network: x.model.Config.Network.String(), Lossy: x.model.Config.Lossy,
			Parameters: map[string]int{
				"servers": len(x.model.Servers), "clients": x.model.Clients, "puts": x.model.Puts, "readers": x.model.Readers,
			},
		}
		d.Check = &check
	}
	return d
}
