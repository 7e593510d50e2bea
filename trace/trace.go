// Package trace holds a path through a model as a value that needs the model no more: to write it to a file, to show
// it, and to walk it again later. A path is the shortest proof of what a check found, so it is worth keeping.
//
// Every format is one function from a Trace: Text and WriteMermaid for people, WriteJSON and ReadJSON for programs.
// A further format needs nothing but the Trace.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"synod/model"
)

// Kind says what a trace shows.
type Kind string

// The kinds of traces.
const (
	Violation Kind = "violation" // ends in a state that violates an always property
	Example   Kind = "example"   // ends in a state that a sometimes property asks for
)

// Trace is a path as data. It belongs to whoever made it and is safe for concurrent reading.
type Trace struct {
	Property string  `json:"property"` // its name
	Kind     Kind    `json:"kind"`
	Initial  Initial `json:"initial"`
	Steps    []Step  `json:"steps"` // empty, not nil, if the initial state shows it already
}

// Initial is the state in which a trace begins.
type Initial struct {
	Fingerprint string `json:"fingerprint"`
	Slots       []Slot `json:"slots"` // every slot, in the order of the model
}

// Slot is the content of a slot as people read it, in one or several lines.
type Slot struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Step is an action and what it changed.
type Step struct {
	Key         string   `json:"key"`               // names the action by its content; the same in every run
	Text        string   `json:"text"`              // the action, for people
	Kind        string   `json:"kind"`              // as model.Kind writes it: deliver, drop, timeout, choose, act
	Actor       string   `json:"actor"`             // the slot that acts; for a message, its recipient
	From        string   `json:"from,omitempty"`    // the sender, if the action is about a message
	Message     string   `json:"message,omitempty"` // the text of the message
	Changes     []Change `json:"changes,omitempty"`
	Fingerprint string   `json:"fingerprint"` // of the state after the step
}

// Change is a difference that a step made, at a path that begins with the name of a slot. Old is empty for what was
// added, New for what was removed.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// New describes a path through a space. It calls the model to show states, so the space must still be open; the result
// does not depend on it.
func New(space model.Space, property string, kind Kind, p model.Path) Trace {
	t := Trace{
		Property: valid(property), Kind: kind,
		Initial: Initial{Fingerprint: Fingerprint(space, p.Initial)},
		Steps:   make([]Step, 0, len(p.Steps)),
	}
	for slot, id := range p.Initial {
		t.Initial.Slots = append(t.Initial.Slots, Slot{valid(space.SlotName(slot)), valid(space.Text(slot, id))})
	}
	state := p.Initial
	for _, s := range p.Steps {
		step := Step{
			Key: s.Action.Key, Text: valid(s.Action.Text), Kind: s.Action.Kind.String(), Actor: valid(s.Action.Actor),
			From: valid(s.Action.From), Message: valid(s.Action.Message), Fingerprint: Fingerprint(space, s.State),
		}
		for _, c := range model.Changes(space, state, s.State) {
			step.Changes = append(step.Changes, Change{valid(c.Path), valid(c.Old), valid(c.New)})
		}
		t.Steps = append(t.Steps, step)
		state = s.State
	}
	return t
}

// valid repairs text that a String method of the model made of invalid UTF-8, which no file could hold. Keys need no
// repair: they are encodings.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// fingerprintLength is the length of a fingerprint, in hexadecimal digits.
const fingerprintLength = 16

// Fingerprint identifies a state by its content: the first 64 bits of the SHA-256 hash of model.Content, as 16
// lower-case hexadecimal digits. It is the same in every run and on every machine. It is meant for recognising a state,
// among a few, that was written down; it is no proof that two states are equal.
func Fingerprint(space model.Space, state []model.PartID) string {
	sum := sha256.Sum256(model.Content(space, state))
	return hex.EncodeToString(sum[:fingerprintLength/2])
}
