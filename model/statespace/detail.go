package statespace

import (
	"fmt"
	"io"
)

// Detailer is a Space that can show the structure of its slots' contents. The spaces of package model implement it.
type Detailer interface {
	Space
	// Detail returns the structure of a slot's content. It calls functions of the model, and returns their errors.
	Detail(slot int, id PartID) (Detail, error)
	// Sent returns the message that an effect of a step puts in flight, or false for other effects.
	Sent(e SlotEffect) (Letter, bool)
	// Visualize writes an HTML page that shows the value of an observer. It returns false, and writes nothing, if the
	// slot has no such page.
	Visualize(w io.Writer, slot int, id PartID) (bool, error)
}

// Node is a value as a tree. The names of parts are those in the paths of a Change: field names, or in brackets the
// index in a list or the encoded key of a map.
type Node struct {
	Name  string // empty for the root
	Text  string // the whole value in human-readable form, possibly truncated
	Parts []Node // empty for nil, and for values without parts
	Map   bool   // a map, possibly nil: the parts are its entries, named by their keys in brackets
	More  bool   // there are more parts, and the text is longer: the tree has reached its size limit
}

// Role is the role of a slot.
type Role string

// The roles of slots.
const (
	RoleActor    Role = "actor"
	RoleNobody   Role = "nobody"   // undeliverable messages, to ids without an actor
	RoleObserver Role = "observer" // the value of an observer
	RoleState    Role = "state"    // the state of a plain model
	RoleOther    Role = "other"
)

// Detail is the structure of a slot's content.
type Detail struct {
	Role    Role
	Type    string   // the type of the local state, with its package; may be empty
	Value   Node     // the local state or other content of the slot; for a crashed actor, its persisted state
	Down    bool     // the actor has crashed and not yet recovered
	Letters []Letter // messages in flight to the actor; equal ones are merged, except on an ordered network
	Timers  []string
	Choices []string
	Visual  bool     // Visualize supports the slot
	Durable bool     // the actor persists a part of its state
	Lost    []Change // with Durable: the changes to the local state by a crash and recovery
}

// Letter is a message in flight.
type Letter struct {
	From, To, Message string
	Copies            int
	Deliverable       bool
	// Key is the last part of the keys of all actions on the message: the key of its delivery is "deliver " and Key.
	Key string
}

// Answers evaluates every property of a space in a state, in their order: whether its predicate holds. A refinement
// has no predicate; its answer is true.
func Answers(space Space, state []PartID) (answers []bool, err error) {
	properties, reading := space.Properties(), NewReading(space)
	answers = make([]bool, len(properties))
	for i, p := range properties {
		if answers[i], err = reading.answer(p, state); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (r *Reading) answer(p Property, state []PartID) (answer bool, err error) {
	defer Caught(&err, fmt.Sprintf("the property %q", p.Name), func() string { return "judging a state" })
	if p.Holds == nil {
		return true, nil
	}
	answer, _ = r.Judge(p.Holds, state)
	return answer, nil
}
