// Package trace represents a path through a model as data that no longer needs the model: to write it to a file, to
// show it, and to replay it later. A path is the shortest evidence of what a check found.
//
// Every format is a function of a Trace or a Document, and Formats lists them: Text, Explain, WriteMermaid and
// WriteHTML for people; WriteJSON and ReadJSON, WriteITF and WriteShiViz for programs; and WriteGoTest for test
// suites. A Trace has all that further formats need, including causality: see Step.Sender, Past and Aside.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"synod/model/statespace"
)

// Kind is the kind of a trace.
type Kind string

// The kinds of traces.
const (
	Violation Kind = "violation" // shows a violation of a property
	Example   Kind = "example"   // ends in a state that satisfies a "sometimes" property
	Walked    Kind = "path"      // a path without a property
)

// Trace is a path as data. It is safe for concurrent reading.
type Trace struct {
	Property string  `json:"property,omitempty"` // the property's name; empty only for a Walked path
	Kind     Kind    `json:"kind"`
	Initial  Initial `json:"initial"`
	Steps    []Step  `json:"steps"` // empty, not nil, if the initial state shows it already
	// Loop is the first step of a cycle, counted from 1: the last step leads to the state in which this step starts, and
	// the steps from there on repeat for ever. It is 0 if there is no cycle.
	Loop    int    `json:"loop,omitempty"`
	Maximal bool   `json:"maximal,omitempty"` // the last state has no transitions, except to itself
	Note    string `json:"note,omitempty"`    // what the end of the path shows, human-readable; may be empty

	// Fair describes why the loop is fair to every set of actions with a fairness assumption; Unfair describes why it is
	// not. At most one of them is set, and only if there is a loop.
	Fair   []Kept `json:"fair,omitempty"`
	Unfair string `json:"unfair,omitempty"`
}

// Kept describes why a loop is fair to a set of actions.
type Kept struct {
	Assumed string `json:"assumed"`       // the assumption, such as "weak deliveries"
	Set     string `json:"set,omitempty"` // the set; empty for all sets, if none is ever enabled in the loop
	How     string `json:"how"`           // Taken, Disabled or Never
	Step    int    `json:"step,omitempty"`
}

// Why a loop is fair to a set: its Step takes an action of the set; in the state after its Step none is enabled; or
// none ever is.
const (
	Taken    = "taken"
	Disabled = "disabled"
	Never    = "never"
)

// String returns it in words: "weak deliveries: 1 → 2: Ping, taken by step 3".
func (k Kept) String() string {
	switch k.How {
	case Taken:
		return fmt.Sprintf("%s: %s, taken by step %d", k.Assumed, k.Set, k.Step)
	case Disabled:
		return fmt.Sprintf("%s: %s, not possible after step %d", k.Assumed, k.Set, k.Step)
	}
	return k.Assumed + ": none is possible in the loop"
}

// justify records why the loop of a path is fair, or why it is not.
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

// Initial is the initial state of a trace.
type Initial struct {
	Fingerprint string    `json:"fingerprint"`
	Slots       []Slot    `json:"slots"`          // all slots, in the order of the model
	Sent        []Message `json:"sent,omitempty"` // messages in flight at the start, one entry per copy
}

// Slot is the content of a slot in human-readable form, in one or more lines.
type Slot struct {
	Name string `json:"name"`
	Text string `json:"text"`

	// Value is the content as an ITF value, for encoding/json. Files do not have it; it is nil in a trace that was read
	// from one.
	Value any `json:"-"`
}

// Message is a message that was sent.
type Message struct {
	From    string `json:"from,omitempty"` // empty if it is the actor that takes the step
	To      string `json:"to"`
	Message string `json:"message,omitempty"` // the message as text
}

// Step is an action with its changes.
type Step struct {
	Key     string    `json:"key"`               // identifies the action by its content; the same in every run
	Text    string    `json:"text"`              // the action in human-readable form
	Kind    string    `json:"kind"`              // as written by statespace.Kind: act, deliver, drop …
	Actor   string    `json:"actor"`             // the acting slot; for a message, its recipient
	From    string    `json:"from,omitempty"`    // the sender of the action's message, if it has one
	Message string    `json:"message,omitempty"` // the message as text
	Sender  int       `json:"sender,omitempty"`  // the step, from 1, that sent the message; 0 if sent at the start
	Sent    []Message `json:"sent,omitempty"`    // the messages that the step sends, in order
	Notes   []string  `json:"notes,omitempty"`   // the meaning of the step in terms of the protocol
	Culprit bool      `json:"culprit,omitempty"` // the model blames the step for a violation of the protocol
	// Past marks the causal past of the last step, including that step: what happened before it, at its own actor or
	// through messages that arrived.
	Past bool `json:"past,omitempty"`
	// Aside marks a step that the result does not depend on: without all such steps, the others still lead to a state
	// that shows it. See New.
	Aside       bool     `json:"aside,omitempty"`
	Changes     []Change `json:"changes,omitempty"`
	Slots       []Slot   `json:"slots,omitempty"` // the changed slots, as they are after the step
	Fingerprint string   `json:"fingerprint"`     // the fingerprint of the state after the step
}

// Change is a difference made by a step, at a path that begins with the name of a slot. Old is empty for an addition,
// New for a removal.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// End describes in a sentence, without the full stop, how the trace continues after its last step, and what that
// shows. It is empty if the last state is all there is to show.
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

// repeats returns a phrase: the steps from first to last repeat for ever.
func repeats(first, last int) string {
	if first == last {
		return fmt.Sprintf("step %d repeats for ever", first)
	}
	return fmt.Sprintf("steps %d to %d repeat for ever", first, last)
}

// StateOf returns the description of a state, as the initial state of a trace.
func StateOf(space statespace.Space, state []statespace.PartID) Initial {
	s := Initial{Fingerprint: Fingerprint(space, state)}
	for slot, id := range state {
		s.Slots = append(s.Slots, newSlot(space, slot, id))
	}
	return s
}

// Last returns the fingerprint of the last state.
func (t Trace) Last() string {
	if len(t.Steps) == 0 {
		return t.Initial.Fingerprint
	}
	return t.Steps[len(t.Steps)-1].Fingerprint
}

// New returns the trace of a path through a space, from an initial state. It calls the model to format states, so the
// space must be open; the result does not depend on it afterwards.
//
// Steps are marked Aside only if the path without them was walked and still shows the property. A trace without such
// steps need not be the shortest; see checker.Minimise.
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

// notes returns the model's remarks on a step. If they cannot be made, the step is shown without them.
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

// valid repairs invalid UTF-8 from String methods of the model, which files cannot represent. Keys are encodings, and
// need no repair.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// fingerprintLength is the length of a fingerprint, in hexadecimal digits.
const fingerprintLength = 16

// Fingerprint identifies a state by its content: the first 64 bits of the SHA-256 hash of statespace.Content, as 16
// lower-case hexadecimal digits. It is the same in every run and on every machine. Use it to recognise a recorded
// state among a few; equal fingerprints do not prove that two states are equal.
func Fingerprint(space statespace.Space, state []statespace.PartID) string {
	sum := sha256.Sum256(statespace.Content(space, state))
	return hex.EncodeToString(sum[:fingerprintLength/2])
}
