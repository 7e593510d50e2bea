package statespace

// Vacuity is something that an actor was made for, or was sent, and that never mattered as far as was searched; or something
// that a property is not about.
type Vacuity struct {
	Property string // its name; empty for what is about an actor
	Actor    string
	Event    string // a type of message, a timer, an option, or a handler
	Why      string // for an actor, one of the reasons below
}

// Why something never mattered.
const (
	NeverDeliverable = "sent, but never deliverable"
	NeverAccepted    = "delivered, but every time ignored"
	NeverEffective   = "handled, but every time without effect"
	NeverCalled      = "never called"
	NoSuchActor      = "sent, but no actor has this id"
)
