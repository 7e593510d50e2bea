// Package statespace defines the view of a model that engines use, for all kinds of models: states made of numbered
// parts, steps, properties and paths. Package model implements it for systems of actors and for plain models;
// engines, and tools that show their results, need only this package.
package statespace

// PartID is a dense number of a distinct content of a slot. It depends on the order of discovery, so nothing that
// users see, sort or share may depend on it.
type PartID uint32

// EffectID is a number of an effect of steps on other slots.
type EffectID uint32

// ActionID is a number of an action of a slot.
type ActionID uint32

// SlotEffect is an effect on a slot.
type SlotEffect struct {
	Slot   int32
	Effect EffectID
}

// Reason is the reason why a step is not a transition.
type Reason uint8

const (
	// Counts is the zero Reason: the step is a transition.
	Counts Reason = iota
	// Unchanged marks a delivery or timeout that neither changes the local state nor issues a command.
	Unchanged
	// Impossible marks an action that a plain model refused.
	Impossible
)

// String describes the reason.
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

// Step is a possible step of a slot.
type Step struct {
	Next    PartID       // the slot's content after the step, before any of Effects on the slot itself
	Effects []SlotEffect // effects on slots, in order; shared, must not be changed
	Action  ActionID
	Ignored Reason // if not Counts, the step is not a transition
	// A step is enabled only if the state has no step of a lower non-negative rank that is a transition and not refused
	// by an effect. See Ranked.
	Rank int
}

// Aside is the rank of a step that is always enabled, and does not disable other steps.
const Aside = -1

// Ranked must be implemented by Parts if a step can have a rank other than 0.
type Ranked interface {
	// Ranked reports whether steps can have ranks.
	Ranked() bool
}

// Parts is the interface that engines use to enumerate states: a state is a vector of PartIDs, one per slot; a step
// of one slot replaces its id and applies effects to others. All methods are pure functions of their arguments and
// safe for concurrent use.
type Parts interface {
	// Slots returns the number of slots.
	Slots() int
	// Initial returns the initial states, without repeats. The caller owns them.
	Initial() ([][]PartID, error)
	// Steps appends the steps of a slot's content to into. Their order may differ from run to run. An error, such as a
	// panic in a handler or an impure handler, stops the check.
	Steps(slot int, id PartID, into []Step) ([]Step, error)
	// Apply returns the content of a slot after an effect; false refuses the whole step.
	Apply(slot int, id PartID, e EffectID) (PartID, bool, error)
}

// Aspect identifies something that can be read of a slot's content: all of it, or a part. Its value is a number;
// within one space, numbers are equal if and only if what is read is equal.
type Aspect uint32

// Whole is the aspect that is all of a slot's content. Spaces define more.
const Whole Aspect = 0

// Nothing is the value of an aspect that a slot does not currently have, such as the local state of a crashed actor.
const Nothing = 1<<32 - 1

// Space is everything that a checker needs of a model: its parts, and the functions about them. A Space holds the
// tables of one check and is safe for concurrent use. Close it when it is no longer used.
type Space interface {
	Parts
	// Properties returns the properties, in order of declaration.
	Properties() []Property
	// Boundary returns the state constraint, which reports whether a state is to be explored; nil if there is none.
	Boundary() func(*Reading) bool
	// Aspect returns the value of an aspect of a slot's content.
	Aspect(slot int, id PartID, a Aspect) uint32
	// SlotName returns the unique name of a slot.
	SlotName(slot int) string
	// Action describes an action of a slot.
	Action(slot int, a ActionID) Action
	// Content appends the canonical encoding of a slot's content. In every run, encodings are equal if and only if
	// contents are.
	Content(dst []byte, slot int, id PartID) []byte
	// Text returns a slot's content in human-readable form.
	Text(slot int, id PartID) string
	// Changes returns the differences between two contents of a slot, by field.
	Changes(slot int, from, to PartID) []Change
	// Audit returns an error if a value that must not change was changed.
	Audit() error
	// Report returns statistics of the space.
	Report() SpaceReport
	// Carry returns the ids of a state of another space of the same source, so that an exploration can continue in new
	// tables.
	Carry(from Space, state []PartID) ([]PartID, error)
	// OffHeap returns the memory that the space holds outside the Go heap, in bytes.
	OffHeap() int64
	// Close frees the tables.
	Close()
}

// Source creates spaces, one for each check. The systems and plain models of package model are sources.
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
	Choose                // a nondeterministic choice of an option
	Crash                 // an actor goes down, and loses its volatile state
	Recover               // an actor restarts
	Partition             // the network holds back messages between two sides
	Heal                  // the end of a partition
)

var kindNames = [...]string{"act", "deliver", "drop", "timeout", "choose", "crash", "recover", "partition", "heal"}

// String returns the kind in lower case.
func (k Kind) String() string { return kindNames[k] }

// Action is a description of an action.
type Action struct {
	Kind Kind
	Key  string // in every run, keys are equal if and only if actions are
	Text string // human-readable
	// Actor is the name of the slot that acts, From the name of the message's sender and Message its text; the last two
	// are empty for an action without a message.
	Actor, From, Message string
}

// Change is a difference between two values. Old is empty for an addition, New for a removal.
type Change struct{ Path, Old, New string }

// SpaceReport has statistics of a space. They are the same in every run that explores the same states, with any
// number of workers.
type SpaceReport struct {
	HandlerCalls int          // distinct pairs of local state and event passed to handlers; each call was made twice
	Slots        []SlotReport // one per slot
	Coverage     []Coverage   // by actor and message type
	Vacuous      []Vacuity    // by actor: what never mattered
	Guards       []Guard      // calls, and how many were repeated
	Opaque       []string     // actors whose value was not watched: it has a func, channel, cycle or much sharing
	Budgets      []Budget     // the bounds on faults, to which every verdict is subject
	Notes        []string     // sentences on the meaning of the verdicts
}

// Budget is a bound on how often something may happen.
type Budget struct {
	Name  string // what is counted, such as "crashes"
	Limit int    // the maximum
}

// SlotReport counts the distinct contents of a slot, in states or within steps: when a step receives a message and
// sends one to the same actor, there is an intermediate content.
type SlotReport struct {
	Name  string
	Parts int            // distinct contents
	Of    map[string]int // distinct sub-contents: local states, mailboxes …
}

// Coverage counts, for an actor and a type of messages sent to it, the distinct pairs of a local state and a message:
// those whose delivery had an effect, and those whose delivery changed nothing and sent nothing. On an ordered
// network the latter are transitions all the same.
type Coverage struct {
	Actor, Message     string
	Delivered, Ignored int
}

// Publisher returns the name passed to Publish for a source, or an empty string.
func Publisher(src Source) string {
	if p, ok := src.(interface{ Publisher() string }); ok {
		return p.Publisher()
	}
	return ""
}

// Bytes estimates the current memory use of a space: its tables outside the Go heap, the values in them, and the
// texts of actions requested so far, excluding the garbage collector's reserve. For spaces of other packages it
// returns only what is outside the heap.
func Bytes(space Space) int64 {
	n := space.OffHeap()
	if s, ok := space.(interface{ OnHeap() int64 }); ok {
		n += s.OnHeap()
	}
	return n
}
