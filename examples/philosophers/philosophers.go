// Package philosophers is the five dining philosophers of E. W. Dijkstra, "Hierarchical Ordering of Sequential Processes"
// (1971): everybody takes one fork and then the other, and if all take the left one first, all may wait for ever. Forks
// are actors that lend themselves to one philosopher at a time.
package philosophers

import "synod/actor"

// Message is what philosophers and forks say to one another.
//
//sumtype:decl
type Message interface{ fork() }

type (
	// Take asks for a fork.
	Take struct{}
	// Taken grants it.
	Taken struct{}
	// Put returns it.
	Put struct{}
)

func (Take) fork()  {}
func (Taken) fork() {}
func (Put) fork()   {}

// Out is what all handlers command through.
type Out = actor.Out[Message]

// Fork is an actor that lends itself.
type Fork struct{}

// Lent is the state of a fork. There is nobody with the id Nobody.
type Lent struct{ To, Waiting actor.ID }

// Nobody is no philosopher: forks have the lower ids.
const Nobody actor.ID = 0

// New returns an actor of the fork.
func (f Fork) New() actor.Typed[Lent, Message] { return actor.New[Lent, Message](f) }

// Start lies on the table.
func (Fork) Start(actor.ID, *Out) Lent { return Lent{} }

// Receive lends the fork to one after the other. At most two philosophers want it. Where messages overtake one another
// its holder may ask for it again before it was put back; that message has to wait.
func (Fork) Receive(_ actor.ID, st Lent, from actor.ID, msg Message, out *Out) Lent {
	switch msg.(type) {
	case Take:
		switch st.To {
		case Nobody:
			out.Send(from, Taken{})
			st.To = from
		case from:
		default:
			st.Waiting = from
		}
	case Put:
		if st.Waiting != Nobody {
			out.Send(st.Waiting, Taken{})
		}
		return Lent{To: st.Waiting}
	case Taken: // A fork asks for nothing.
	}
	return st
}

// Philosopher takes two forks one after the other, eats, and puts them back, for some meals.
type Philosopher struct {
	First, Second actor.ID // forks
	Meals         int
}

// State is the state of a philosopher.
type State struct {
	Forks int // that it has, 0 to 2; it eats with two
	Meals int // that are over
}

// full is the choice of a philosopher that has eaten enough for now.
type full struct{}

func (full) String() string { return "full" }

// New returns an actor of the philosopher.
func (p Philosopher) New() actor.Typed[State, Message] {
	return actor.New[State, Message](p, actor.Choices(p.Chosen))
}

// Start is hungry.
func (p Philosopher) Start(_ actor.ID, out *Out) State {
	out.Send(p.First, Take{})
	return State{}
}

// Receive takes a fork.
func (p Philosopher) Receive(_ actor.ID, st State, _ actor.ID, msg Message, out *Out) State {
	switch msg.(type) {
	case Taken:
		st.Forks++
		if st.Forks == 1 {
			out.Send(p.Second, Take{})
		} else {
			out.Choose(full{})
		}
	case Take, Put: // A philosopher lends nothing.
	}
	return st
}

// Chosen ends a meal.
func (p Philosopher) Chosen(_ actor.ID, st State, _ actor.Option, out *Out) State {
	st = State{Meals: st.Meals + 1}
	out.Send(p.First, Put{})
	out.Send(p.Second, Put{})
	if st.Meals < p.Meals {
		out.Send(p.First, Take{})
	}
	return st
}
