package quorums

import (
	"fmt"

	"synod/checker"
	"synod/examples/singledecree"
)

// Schema names the form of a Document.
const Schema = "synod.sweep/1"

// Document is a sweep, for programs.
type Document struct {
	Schema  string         `json:"schema"`
	Servers int            `json:"servers"`
	Clients int            `json:"clients"`
	Network string         `json:"network"`
	Lossy   bool           `json:"lossy"`
	Quorums []PairDocument `json:"quorums"`
	Elapsed float64        `json:"seconds"` // differs from run to run
}

// PairDocument is a pair of a Document.
type PairDocument struct {
	Promises int    `json:"promises"`
	Votes    int    `json:"votes"`
	Verdict  string `json:"verdict"`            // safe, unsafe or undecided
	Property string `json:"property,omitempty"` // that is violated, by the shortest path
	Actions  int    `json:"actions,omitempty"`  // on that path
	Stopped  string `json:"stopped,omitempty"`  // what ended an undecided search
	States   int    `json:"states"`             // distinct ones that were visited
}

// NewDocument returns the document of a sweep that has not begun.
func NewDocument(c singledecree.Config) *Document {
	return &Document{
		Schema: Schema, Servers: c.Servers, Clients: c.Clients, Network: c.Network.String(), Lossy: c.Lossy,
	}
}

// Header returns what is swept, and writes the names of the columns.
func (d *Document) Header() string {
	lossy := ""
	if d.Lossy {
		lossy = ", lossy=explicit"
	}
	return fmt.Sprintf("Quorums of %d servers, clients=%d, network=%s%s.\npromises  votes  verdict\n",
		d.Servers, d.Clients, d.Network, lossy)
}

// Add takes what was found of a pair, and returns its line.
func (d *Document) Add(q Pair) string {
	e := documentOf(q)
	d.Quorums = append(d.Quorums, e)
	return fmt.Sprintf("%8d  %5d  %s\n", e.Promises, e.Votes, e)
}

// Undecided is how many pairs are not decided, those that were not searched included.
func (d *Document) Undecided() int {
	undecided := d.Servers*d.Servers - len(d.Quorums)
	for _, e := range d.Quorums {
		if e.Verdict == "undecided" {
			undecided++
		}
	}
	return undecided
}

// Totals returns how many pairs are safe, and whether they are exactly those that meet.
func (d *Document) Totals() string {
	safe, meet := 0, d.Undecided() == 0
	for _, e := range d.Quorums {
		if e.Verdict == "safe" {
			safe++
		}
		meet = meet && (e.Verdict == "safe") == (e.Promises+e.Votes > d.Servers)
	}
	exactly := ""
	if meet {
		exactly = fmt.Sprintf(", exactly those in which promises + votes > %d", d.Servers)
	}
	return fmt.Sprintf("%d pairs are safe%s; %d are undecided.\n", safe, exactly, d.Undecided())
}

func documentOf(q Pair) PairDocument {
	e := PairDocument{
		Promises: q.Promises, Votes: q.Votes, Property: q.Property, Actions: q.Actions, Stopped: q.Stopped, States: q.States,
		Verdict: "undecided",
	}
	switch q.Verdict {
	case checker.Holds:
		e.Verdict = "safe"
	case checker.Violated:
		e.Verdict = "unsafe"
	case checker.Undecided, checker.Example, checker.Never, checker.NotRefuted, checker.NotSeen:
	}
	return e
}

// String returns what was found of a pair.
func (e PairDocument) String() string {
	switch e.Verdict {
	case "safe":
		return fmt.Sprintf("safe, %d states", e.States)
	case "unsafe":
		return fmt.Sprintf("unsafe: %q is violated after %d actions", e.Property, e.Actions)
	}
	return fmt.Sprintf("undecided: %s ended the search, after %d states", e.Stopped, e.States)
}
