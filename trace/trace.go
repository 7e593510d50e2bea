// Package trace holds a path through a model as a value that needs the model no more: to write it to a file, to show
// it, and to walk it again later. A path is the shortest proof of what a check found, so it is worth keeping.
//
// Every format is one function from a Trace or a Document, and Formats lists them: for people Text, Explain, WriteMermaid
// and WriteHTML; for programs WriteJSON and ReadJSON, WriteITF and WriteShiViz; and WriteGoTest for the test suite.
// A further format needs nothing but the Trace. What belongs before what is part of it: see Step.Sender, Past and Aside.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"synod/model/statespace"
)

// Kind describes what a trace shows.
type Kind string

// The kinds of traces.
const (
	Violation Kind = "violation" // shows that a property is violated
	Example   Kind = "example"   // ends in a state that a sometimes property asks for
	Walked    Kind = "path"      // ends wherever it was left, and shows nothing in particular
)

// Trace is a path as data. Its maker owns it, and it is safe for concurrent reading.
type Trace struct {
	Property string  `json:"property,omitempty"` // its name; empty only for a Walked path
	Kind     Kind    `json:"kind"`
	Initial  Initial `json:"initial"`
	Steps    []Step  `json:"steps"` // empty, not nil, if the initial state shows it already
	// Loop is the first step of a cycle, counted from 1: the last step leads to the state that this one starts from, and
	// the steps from there on repeat for ever. 0 if there is no cycle.
	Loop    int    `json:"loop,omitempty"`
	Maximal bool   `json:"maximal,omitempty"` // nothing can happen in the last state, except transitions to the same state
	Note    string `json:"note,omitempty"`    // what the end of the path shows, for people; may be empty

	// Fair describes how the loop is fair to every set of actions that the model wants paths to be fair to; Unfair
	// says why it is not, for people. At most one of the two is there, and neither without a loop.
	Fair   []Kept `json:"fair,omitempty"`
	Unfair string `json:"unfair,omitempty"`
}

// Kept describes how a loop is fair to a set of actions.
type Kept struct {
	Assumed string `json:"assumed"`       // what is wanted: weak deliveries
	Set     string `json:"set,omitempty"` // the set, for people; empty for all of them, none of which is ever possible in the loop
	How     string `json:"how"`           // taken, disabled or never
	Step    int    `json:"step,omitempty"`
}

// How a loop is fair to a set: its Step takes an action of it; in the state after its Step none is possible; or none ever is.
const (
	Taken    = "taken"
	Disabled = "disabled"
	Never    = "never"
)

// String describes it in words: weak deliveries: 1 → 2: Ping is taken by step 3.
func (k Kept) String() string {
	switch k.How {
	case Taken:
		return fmt.Sprintf("%s: %s, taken by step %d", k.Assumed, k.Set, k.Step)
	case Disabled:
		return fmt.Sprintf("%s: %s, not possible after step %d", k.Assumed, k.Set, k.Step)
	}
	return k.Assumed + ": none is possible in the loop"
}

// justify records how the loop of a path is fair, or why it is not.
func (t *Trace) justify(space statespace.Space, p statespace.Path) {
	all, err := statespace.Justify(space, p)
	if err != nil {
		t.Unfair = valid(err.Error())
		return
	}
	for _, k := range all {
		kept := Kept{Assumed: valid(k.Condition.String()), Set: valid(k.Set), How: Disabled, Step: k.Step}
		switch {
		case k.Set == "":
			kept.How = Never
		case k.Taken:
			kept.How = Taken
		}
		t.Fair = append(t.Fair, kept)
	}
}

// Initial is the state in which a trace begins.
type Initial struct {
	Fingerprint string    `json:"fingerprint"`
	Slots       []Slot    `json:"slots"`          // every slot, in the order of the model
	Sent        []Message `json:"sent,omitempty"` // messages in flight at the start, a copy each
}

// Slot is the content of a slot as people read it, in one or several lines.
type Slot struct {
	Name string `json:"name"`
	Text string `json:"text"`

	// Value is the content in the Informal Trace Format: what encoding/json makes JSON of. Files do not hold it; it is nil
	// in a trace that was read from one.
	Value any `json:"-"`
}

// Message is a message that was sent.
type Message struct {
	From    string `json:"from,omitempty"` // empty for the actor whose step it is
	To      string `json:"to"`
	Message string `json:"message,omitempty"` // its text
}

// Step is an action and what it changed.
type Step struct {
	Key     string    `json:"key"`               // names the action by its content; the same in every run
	Text    string    `json:"text"`              // the action, for people
	Kind    string    `json:"kind"`              // as statespace.Kind writes it: act, deliver, drop, timeout, choose, crash, recover …
	Actor   string    `json:"actor"`             // the slot that acts; for a message, its recipient
	From    string    `json:"from,omitempty"`    // the sender, if the action is about a message
	Message string    `json:"message,omitempty"` // the text of the message
	Sender  int       `json:"sender,omitempty"`  // the step, from 1, that sent the message; 0 if it was sent at the start
	Sent    []Message `json:"sent,omitempty"`    // what the step sends, in order
	Notes   []string  `json:"notes,omitempty"`   // what the step means, in the words of the protocol
	Culprit bool      `json:"culprit,omitempty"` // the step does what the protocol forbids, by the word of the model
	// Past marks the causal past of the last step, that step included: what happened before it, at its own actor or by a
	// message that arrived.
	Past bool `json:"past,omitempty"`
	// Aside marks a step that what the trace shows does not depend on: without all such steps, the others still lead to a
	// state that shows it. See New.
	Aside       bool     `json:"aside,omitempty"`
	Changes     []Change `json:"changes,omitempty"`
	Slots       []Slot   `json:"slots,omitempty"` // the slots that the step changed, as they are after it
	Fingerprint string   `json:"fingerprint"`     // of the state after the step
}

// Change is a difference that a step made, at a path that begins with the name of a slot. Old is empty for what was
// added, New for what was removed.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// End describes in a sentence, without its full stop, how the trace goes on after its last step, and what that
// shows. It is empty if the last state says it all.
func (t Trace) End() string {
	var end string
	switch {
	case t.Loop > 0:
		end = repeats(t.Loop, len(t.Steps))
	case t.Maximal:
		end = "nothing else can happen"
	}
	if end != "" && t.Note != "" {
		end += ": "
	}
	return end + t.Note
}

// repeats reports that the steps from one to another never end.
func repeats(first, last int) string {
	if first == last {
		return fmt.Sprintf("step %d repeats for ever", first)
	}
	return fmt.Sprintf("steps %d to %d repeat for ever", first, last)
}

// StateOf describes a state, as the first one of a trace.
func StateOf(space statespace.Space, state []statespace.PartID) Initial {
	s := Initial{Fingerprint: Fingerprint(space, state)}
	for slot, id := range state {
		s.Slots = append(s.Slots, newSlot(space, slot, id))
	}
	return s
}

// Last is the fingerprint of the state in which the trace ends.
func (t Trace) Last() string {
	if len(t.Steps) == 0 {
		return t.Initial.Fingerprint
	}
	return t.Steps[len(t.Steps)-1].Fingerprint
}

// New describes a path through a space, from an initial state. It calls the model to show states, so the space must
// still be open; the result does not depend on it.
//
// Steps are put Aside only if that is proven: they are left out, and the path of the others is walked and judged. A
// trace without such steps need not be the shortest there is; see checker.Minimise.
func New(space statespace.Space, property string, kind Kind, p statespace.Path) Trace {
	t := Trace{
		Property: valid(property), Kind: kind,
		Initial: StateOf(space, p.Initial),
		Steps:   make([]Step, 0, len(p.Steps)),
		Loop:    p.Loop, Maximal: p.Maximal,
	}
	state := p.Initial
	remarks := statespace.Explain(space, p)
	for i, s := range p.Steps {
		step := Step{
			Key: s.Action.Key, Text: valid(s.Action.Text), Kind: s.Action.Kind.String(), Actor: valid(s.Action.Actor),
			From: valid(s.Action.From), Message: valid(s.Action.Message), Fingerprint: Fingerprint(space, s.State),
		}
		for _, c := range statespace.Changes(space, state, s.State) {
			step.Changes = append(step.Changes, Change{valid(c.Path), valid(c.Old), valid(c.New)})
		}
		for slot, id := range s.State {
			if id != state[slot] {
				step.Slots = append(step.Slots, newSlot(space, slot, id))
			}
		}
		step.Notes, step.Culprit = notes(remarks[i]), remarks[i].Culprit
		t.Steps = append(t.Steps, step)
		state = s.State
	}
	t.justify(space, p)
	t.link(space, p)
	t.setAside(space, p)
	return t
}

func newSlot(space statespace.Space, slot int, id statespace.PartID) Slot {
	return Slot{Name: valid(space.SlotName(slot)), Text: valid(space.Text(slot, id)), Value: itfOf(space, slot, id)}
}

// notes returns the remarks of the model on a step. One that cannot be made is no reason not to show the step.
func notes(r statespace.Remarks) []string {
	var all []string
	for _, n := range r.Notes {
		all = append(all, valid(n))
	}
	if r.Err != nil {
		all = append(all, valid("no explanation: "+firstLine(r.Err.Error())))
	}
	return all
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// valid repairs text that a String method of the model made of invalid UTF-8, which no file could hold. Keys need no
// repair: they are encodings.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// fingerprintLength is the length of a fingerprint, in hexadecimal digits.
const fingerprintLength = 16

// Fingerprint identifies a state by its content: the first 64 bits of the SHA-256 hash of statespace.Content, as 16
// lower-case hexadecimal digits. It is the same in every run and on every machine. It is meant for recognising a state,
// among a few, that was written down; it is no proof that two states are equal.
func Fingerprint(space statespace.Space, state []statespace.PartID) string {
	sum := sha256.Sum256(statespace.Content(space, state))
	return hex.EncodeToString(sum[:fingerprintLength/2])
}
