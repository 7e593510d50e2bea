// Package statespace says what an engine sees of a model, whatever it is a model of: states made of numbered parts, steps,
// properties and paths. Package model makes spaces of systems of actors and of plain models; an engine and what shows its
// results need nothing but this package.
package statespace

// PartID is a dense number for one distinct content of a slot. It depends on the order of arrival: nothing that a user
// sees, sorts or shares may depend on it.
type PartID uint32

// EffectID numbers what a step may do to other slots.
type EffectID uint32

// ActionID numbers the actions of a slot.
type ActionID uint32

// SlotEffect is an effect on a slot.
type SlotEffect struct {
	Slot   int32
	Effect EffectID
}

// Reason describes why a step that could happen is no transition.
type Reason uint8

const (
	// Counts is the zero Reason: the step is a transition.
	Counts Reason = iota
	// Unchanged marks a delivery or timeout that neither changes the local state nor commands anything.
	Unchanged
	// Impossible marks an action that a plain model itself refused.
	Impossible
)

// String explains the reason.
func (r Reason) String() string {
	switch r {
	case Unchanged:
		return "changes nothing and sends nothing"
	case Impossible:
		return "the model refuses it"
	case Counts:
	}
	return ""
}

// Step is one thing that can happen to a slot.
type Step struct {
	Next    PartID       // the slot's content afterwards, before any of Effects on the slot itself
	Effects []SlotEffect // what happens to slots, in order; shared, must not be changed
	Action  ActionID
	Ignored Reason // if not Counts, the step is no transition
	// A step is enabled only if the state has none of a lower rank, other than a negative one, that is a transition and that
	// no effect refuses. See Ranked.
	Rank int
}

// Aside is the rank of a step that is always enabled, and keeps no other step back.
const Aside = -1

// Ranked is what Parts have to implement if a step has a rank other than 0.
type Ranked interface {
	// Ranked reports whether that may be so.
	Ranked() bool
}

// Parts is what an engine needs for enumeration: a state is a vector of PartIDs, one per slot, and a step of one slot
// replaces its id and applies effects to others. Every method is a pure function of its arguments and safe for
// concurrent use.
type Parts interface {
	// Slots is the number of slots.
	Slots() int
	// Initial returns the initial states, without repeats. The caller owns them.
	Initial() ([][]PartID, error)
	// Steps appends the steps of a slot's content to into. Their order may differ from run to run. An error stops
	// the check: a handler that panics or is not pure.
	Steps(slot int, id PartID, into []Step) ([]Step, error)
	// Apply returns what an effect makes of a slot's content; false refuses the whole step.
	Apply(slot int, id PartID, e EffectID) (PartID, bool, error)
}

// Aspect names something that can be read of a slot's content: all of it, or a finer part. Its value is a number that
// is equal if and only if what is read is equal, within one space.
type Aspect uint32

// Whole is the aspect of all of a slot's content. Spaces have further ones.
const Whole Aspect = 0

// Nothing is the value of an aspect that a slot does not have now, such as the local state of an actor that is down.
const Nothing = 1<<32 - 1

// Space is all that a checker wants of a model: its parts, and what stands beside them. A Space holds the tables of one
// check and is safe for concurrent use; close it when nothing reads it any more.
type Space interface {
	Parts
	// Properties lists what is to be judged, in the order in which the model declares it.
	Properties() []Property
	// Boundary returns which states count, or is nil.
	Boundary() func(*Reading) bool
	// Aspect reads a slot's content.
	Aspect(slot int, id PartID, a Aspect) uint32
	// SlotName names a slot, uniquely.
	SlotName(slot int) string
	// Action describes an action of a slot.
	Action(slot int, a ActionID) Action
	// Content appends the canonical encoding of a slot's content: equal contents, and only they, encode equally, in every run.
	Content(dst []byte, slot int, id PartID) []byte
	// Text shows a slot's content to people.
	Text(slot int, id PartID) string
	// Changes returns what differs between two contents of a slot, field by field.
	Changes(slot int, from, to PartID) []Change
	// Audit looks for values that were changed although nobody may change them.
	Audit() error
	// Report returns what the space knows of itself.
	Report() SpaceReport
	// Carry returns the ids of a state of another space of the same source, so that a walk can go on in fresh tables.
	Carry(from Space, state []PartID) ([]PartID, error)
	// OffHeap is the memory in bytes that the space holds outside the Go heap.
	OffHeap() int64
	// Close frees the tables.
	Close()
}

// Source creates a space for a check. The systems and plain models of package model are sources.
type Source interface {
	Space() (Space, error)
}

// Kind is the kind of an action.
type Kind uint8

// The kinds of actions.
const (
	Act       Kind = iota // an action of a plain model
	Deliver               // a message reaches its recipient
	Drop                  // a message is lost
	Timeout               // a timer fires
	Choose                // chance picks an option
	Crash                 // an actor goes down, and loses what it did not keep
	Recover               // and comes back
	Partition             // the network holds the messages between two sides back
	Heal                  // and lets them travel again
)

var kindNames = [...]string{"act", "deliver", "drop", "timeout", "choose", "crash", "recover", "partition", "heal"}

// String is the kind in lower case.
func (k Kind) String() string { return kindNames[k] }

// Action is an action as people and files see it.
type Action struct {
	Kind Kind
	Key  string // content-based: equal actions, and only they, have equal keys, in every run
	Text string // for people
	// Actor is the name of the slot that acts, From that of the sender of a message and Message its text; the last two are empty for
	// an action without a message.
	Actor, From, Message string
}

// Change is a difference between two values: where, and what stood and stands there. Old is empty for what was added,
// New for what was removed.
type Change struct{ Path, Old, New string }

// SpaceReport describes what a space knows of itself. All of it is the same in every run that explores the same
// states, at any number of workers.
type SpaceReport struct {
	HandlerCalls int          // distinct local states and events for which a handler was called; all were called twice
	Slots        []SlotReport // one per slot
	Coverage     []Coverage   // by actor and message type
	Vacuous      []Vacuity    // by actor: what never mattered
	Guards       []Guard      // what was called, and how often twice
	Opaque       []string     // actors whose own value was not watched: it holds a func, a channel, a cycle or too much that is shared
	Budgets      []Budget     // what bounds the faults, and so every verdict
	Notes        []string     // sentences on what the verdicts mean
}

// Budget describes how often at most something happens.
type Budget struct {
	Name  string // what is counted, such as "crashes"
	Limit int    // the greatest count
}

// SlotReport counts the distinct contents of a slot, in a state or within a step: a message that is received and another
// that is sent to the same actor in one step pass through a content between them.
type SlotReport struct {
	Name  string
	Parts int            // distinct contents
	Of    map[string]int // distinct sub-contents: local states, mailboxes …
}

// Coverage counts, for an actor and a type of message that was sent to it, the distinct pairs of a local state and such
// a message: how often a delivery had an effect, and how often it changed nothing and sent nothing. On an ordered
// network the latter is a transition all the same.
type Coverage struct {
	Actor, Message     string
	Delivered, Ignored int
}

// Publisher returns what Publish said of a source, or an empty string.
func Publisher(src Source) string {
	if p, ok := src.(interface{ Publisher() string }); ok {
		return p.Publisher()
	}
	return ""
}

// Bytes estimates what a space holds by now: its tables outside the Go heap, the values in them, and the texts of actions
// that were asked for. What the garbage collector keeps in reserve comes on top. Of a space of another package it knows
// what is outside the heap.
func Bytes(space Space) int64 {
	n := space.OffHeap()
	if s, ok := space.(interface{ OnHeap() int64 }); ok {
		n += s.OnHeap()
	}
	return n
}
