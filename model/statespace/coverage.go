package statespace

// Vacuity is an event that never mattered in the part of the state space searched: an actor could never receive it,
// or it never had an effect; or something that a property never depended on.
type Vacuity struct {
	Property string // the property's name; empty if it is about an actor
	Actor    string
	Event    string // a type of message, a timer, an option, or a handler
	Why      string // for an actor, one of the reasons below
}

// The reasons of a Vacuity about an actor.
const (
	NeverDeliverable = "sent, but never deliverable"
	NeverAccepted    = "delivered, but every time ignored"
	NeverEffective   = "handled, but every time without effect"
	NeverCalled      = "never called"
	NoSuchActor      = "sent, but no actor has this id"
)
