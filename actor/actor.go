// Package actor defines how protocols are written: actors that exchange messages, with pure handlers that map a state
// and an event to a new state and commands.
//
// A handler must not use a clock, randomness, I/O or goroutines, and must not depend on the iteration order of maps.
// Package checker checks the same handlers that run on a real network.
//
// Ownership: a handler owns the state that it receives, so it may change maps and slices in place and return it. It
// does not own the message: it may read and keep it, but never change it. Whatever is passed to Out is copied before
// the next call. Mutable data must be reachable in one way only within a state or a message: no pointer or map may
// occur in two places, and no two slices may share an array.
package actor

import (
	"slices"
	"strconv"
)

// ID names an actor. Systems may use any ids; models usually number actors from 0.
type ID uint64

// String returns the id in decimal.
func (id ID) String() string { return strconv.FormatUint(uint64(id), 10) }

// IDs returns the ids 0 … n−1 in ascending order, or nil if n is below 1.
func IDs(n int) []ID {
	if n < 1 {
		return nil
	}
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = ID(i)
	}
	return ids
}

// Others returns ids without self, in ascending order, for use with Broadcast. The caller owns the result.
func Others(ids []ID, self ID) []ID {
	others := slices.DeleteFunc(slices.Clone(ids), func(id ID) bool { return id == self })
	slices.Sort(others)
	return others
}

// Majority returns the size of the smallest majority of n members: any two majorities intersect.
func Majority(n int) int { return n/2 + 1 }

// Envelope is a message in flight.
type Envelope[M any] struct {
	From, To ID
	Message  M
}

// Typed is an actor: its handlers over the local state S and the messages M. Start and Receive are required; handlers
// of unused capabilities are nil. Build one with New, or fill in the fields.
//
// Handlers must be pure (see the package documentation) and safe for concurrent use.
type Typed[S, M any] struct {
	// Start returns the initial state of an actor that has never run.
	Start func(self ID, out *Out[M]) S
	// Receive handles one message.
	Receive func(self ID, st S, from ID, msg M, out *Out[M]) S
	// Timeout handles a timer that has fired and is therefore no longer set.
	Timeout func(self ID, st S, timer Timer, out *Out[M]) S
	// Chosen handles the option picked for an earlier Choose.
	Chosen func(self ID, st S, option Option, out *Out[M]) S
	// Keep returns the part of a state that survives a crash. It is on disk before any message of the step that led to
	// st is sent.
	Keep func(st S) any
	// Recover returns the state after a crash, from the part that was last persisted. Without Keep, Start is used
	// instead.
	Recover func(self ID, kept any, out *Out[M]) S
	// Forget returns the normal form of a state: the state without the parts that no later step depends on and no
	// property reads. It is a hint for reductions, which verify it as they go; see Forget.
	Forget func(self ID, st S) S
	// Value is the handler whose methods these functions are, if any; a checker verifies that it never changes.
	Value any
}

// Handler has the required functions of Typed, Start and Receive, as methods.
type Handler[S, M any] interface {
	Start(self ID, out *Out[M]) S
	Receive(self ID, st S, from ID, msg M, out *Out[M]) S
}

// New returns an actor that consists of a handler and its capabilities.
func New[S, M any](h Handler[S, M], with ...Capability[S, *Out[M]]) Typed[S, M] {
	same := func(out *Out[M]) *Out[M] { return out }
	t := Compose(h.Start, h.Receive, same, with...)
	t.Value = h
	return t
}

// Capability is something that an actor may do besides receiving messages; O is the type through which its handlers
// issue commands. Make one with Timers, Choices, Durable or Forget.
type Capability[S, O any] struct {
	timeout func(self ID, st S, timer Timer, out O) S
	chosen  func(self ID, st S, option Option, out O) S
	keep    func(st S) any
	recover func(self ID, kept any, out O) S
	forget  func(self ID, st S) S
}

// Timers lets an actor set timers; timeout handles a timer that has fired.
func Timers[S, O any](timeout func(self ID, st S, timer Timer, out O) S) Capability[S, O] {
	return Capability[S, O]{timeout: timeout}
}

// Choices lets an actor make nondeterministic choices; chosen handles the option that was picked.
func Choices[S, O any](chosen func(self ID, st S, option Option, out O) S) Capability[S, O] {
	return Capability[S, O]{chosen: chosen}
}

// Durable makes a part of the state survive crashes: keep selects that part, and recover returns a state made from
// it, and may set timers again. Durability is a function of the state, so that a handler cannot forget to save; a
// crash loses the difference between st and recover(keep(st)).
func Durable[S, K, O any](keep func(st S) K, recover func(self ID, kept K, out O) S) Capability[S, O] {
	return Capability[S, O]{
		keep:    func(st S) any { return keep(st) },
		recover: func(self ID, kept any, out O) S { return recover(self, kept.(K), out) },
	}
}

// Forget is a hint for reductions: normal returns the normal form of a state, in which whatever no longer matters has
// a fixed value. Two states with the same normal form must answer every event alike, look the same to properties, and
// lead to states with the same normal form; the check verifies this and fails otherwise. A normal form must be its
// own normal form. Only a check with full reduction calls normal; running actors never do.
func Forget[S, O any](normal func(self ID, st S) S) Capability[S, O] {
	return Capability[S, O]{forget: normal}
}

// Compose returns an actor of handlers that issue commands through their own type O, which wrap makes from an Out.
// Packages that offer protocols a richer vocabulary, such as register, are built on it.
func Compose[S, M, O any](
	start func(self ID, out O) S,
	receive func(self ID, st S, from ID, msg M, out O) S,
	wrap func(*Out[M]) O,
	with ...Capability[S, O],
) Typed[S, M] {
	t := Typed[S, M]{
		Start: func(self ID, out *Out[M]) S { return start(self, wrap(out)) },
		Receive: func(self ID, st S, from ID, msg M, out *Out[M]) S {
			return receive(self, st, from, msg, wrap(out))
		},
	}
	for _, c := range with {
		if f := c.timeout; f != nil {
			t.Timeout = func(self ID, st S, timer Timer, out *Out[M]) S { return f(self, st, timer, wrap(out)) }
		}
		if f := c.chosen; f != nil {
			t.Chosen = func(self ID, st S, o Option, out *Out[M]) S { return f(self, st, o, wrap(out)) }
		}
		if c.forget != nil {
			t.Forget = c.forget
		}
		if f := c.recover; f != nil {
			t.Keep = c.keep
			t.Recover = func(self ID, kept any, out *Out[M]) S { return f(self, kept, wrap(out)) }
		}
	}
	return t
}
