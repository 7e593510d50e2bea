package statespace

import (
	"fmt"
	"io"
)

// Detailer is a Space that can show what the contents of its slots are made of. The spaces of this package can.
type Detailer interface {
	Space
	// Detail takes a slot's content apart. It calls functions of the model; an error is theirs.
	Detail(slot int, id PartID) (Detail, error)
	// Sent returns the message that an effect of a step puts in flight, or false if it is an effect of another kind.
	Sent(e SlotEffect) (Letter, bool)
	// Visualize writes an HTML page that shows what an observer remembers. It reports false, and writes nothing, for a slot
	// that cannot be shown so.
	Visualize(w io.Writer, slot int, id PartID) (bool, error)
}

// Node is a value as a tree. Names of parts are those that paths of a Change are made of: the name of a field, or the
// place in a list or the encoded key of a map in brackets.
type Node struct {
	Name  string // empty for the root
	Text  string // the whole value as people read it, perhaps cut short
	Parts []Node // empty for what has no parts, and for nil
	Map   bool   // a map, perhaps nil: the parts are its entries, named by their keys in brackets
	More  bool   // there are further parts, and the text is longer: the tree is as large as it may be
}

// Role is what a slot stands for.
type Role string

// The roles of slots.
const (
	RoleActor    Role = "actor"
	RoleNobody   Role = "nobody"   // messages to ids that no actor has
	RoleObserver Role = "observer" // what an observer remembers
	RoleState    Role = "state"    // the state of a plain model
	RoleOther    Role = "other"
)

// Detail is the content of a slot, taken apart for people.
type Detail struct {
	Role    Role
	Type    string   // of the local state, with its package's name; empty for what has none
	Value   Node     // the local state, or whatever the slot holds; of an actor that is down, what it kept
	Down    bool     // the actor has crashed, and did not recover yet
	Letters []Letter // messages in flight to the actor; equal ones are one, except on an ordered network
	Timers  []string
	Choices []string
	Visual  bool     // Visualize can show it
	Durable bool     // the actor keeps something across a crash
	Lost    []Change // what a crash and a recovery would make of the local state, if it is Durable
}

// Letter is a message in flight.
type Letter struct {
	From, To, Message string
	Copies            int
	Deliverable       bool
	// Key ends the key of every action about the message: that of its delivery is "deliver " and Key.
	Key string
}

// Answers asks every property of a space about a state, in their order: whether its predicate is true there. A refinement
// has no predicate, and is true of every state.
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
