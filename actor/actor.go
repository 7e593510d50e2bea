// Package actor is the vocabulary that a protocol is written in: who sends what to whom, and pure handlers that turn
// a state and an event into a state and commands.
//
// A handler has no clock, no randomness, no I/O and no goroutine, and does not depend on the order of a map. The same
// value is checked by package checker and is run on a network; nothing is written twice.
//
// Ownership: the state that a handler receives is its own, so it may change maps and slices in place and return it.
// The message is not: it may be read and kept, but never changed. What goes into Out is copied before the next call.
// Within one state, and within one message, nothing that can be changed may be reached in two ways: no pointer or map in two
// places, no two slices of one array.
package actor

import (
	"slices"
	"strconv"
)

// ID names an actor. Systems may use any ids; those of a checked model usually count from 0.
type ID uint64

// String is the id in decimal.
func (id ID) String() string { return strconv.FormatUint(uint64(id), 10) }

// IDs returns the ids 0 … n−1 in ascending order; n below 1 gives none.
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

// Others returns ids without self, in ascending order: the order of a broadcast. The caller owns the result.
func Others(ids []ID, self ID) []ID {
	others := slices.DeleteFunc(slices.Clone(ids), func(id ID) bool { return id == self })
	slices.Sort(others)
	return others
}

// Majority is the least number of members that any two sets of, out of n, have one in common.
func Majority(n int) int { return n/2 + 1 }

// Envelope is a message in flight.
type Envelope[M any] struct {
	From, To ID
	Message  M
}

// Typed is an actor: its handlers over the local state S and the messages M. Start and Receive are required; the
// others are nil in an actor that does not use that capability. Build one with New, or by hand.
//
// Handlers must be pure (see the package's documentation) and safe for concurrent use.
type Typed[S, M any] struct {
	// Start returns the state of an actor that never ran before.
	Start func(self ID, out *Out[M]) S
	// Receive handles one message.
	Receive func(self ID, st S, from ID, msg M, out *Out[M]) S
	// Timeout handles a timer that was set and has fired; the timer is no longer set.
	Timeout func(self ID, st S, timer Timer, out *Out[M]) S
	// Chosen handles one of the options of an earlier Choose.
	Chosen func(self ID, st S, option Option, out *Out[M]) S
	// Keep returns the part of a state that survives a crash. Whatever it returns is on disk before any message of the
	// step that led to st leaves.
	Keep func(st S) any
	// Recover returns the state after a crash, from what was kept last. Without Keep, a recovery is a start.
	Recover func(self ID, kept any, out *Out[M]) S
	// Forget returns the normal form of a state: without what no later step depends on, and no property reads. It is
	// a hint for checks that reduce the space, which prove it as they go; see Forget.
	Forget func(self ID, st S) S
	// Value is the handler that the functions belong to, if there is one; a checker verifies that it never changes.
	Value any
}

// Handler is what an actor must have: the functions Start and Receive of Typed as methods.
type Handler[S, M any] interface {
	Start(self ID, out *Out[M]) S
	Receive(self ID, st S, from ID, msg M, out *Out[M]) S
}

// New returns an actor of a handler and the capabilities that it uses.
func New[S, M any](h Handler[S, M], with ...Capability[S, *Out[M]]) Typed[S, M] {
	same := func(out *Out[M]) *Out[M] { return out }
	t := Compose(h.Start, h.Receive, same, with...)
	t.Value = h
	return t
}

// Capability is something that an actor may do besides receiving messages; O is the type that its handlers command
// through. Make one with Timers, Choices or Durable.
type Capability[S, O any] struct {
	timeout func(self ID, st S, timer Timer, out O) S
	chosen  func(self ID, st S, option Option, out O) S
	keep    func(st S) any
	recover func(self ID, kept any, out O) S
	forget  func(self ID, st S) S
}

// Timers lets an actor set timers; timeout handles one that fired.
func Timers[S, O any](timeout func(self ID, st S, timer Timer, out O) S) Capability[S, O] {
	return Capability[S, O]{timeout: timeout}
}

// Choices lets an actor leave a choice to chance; chosen handles the option that was drawn.
func Choices[S, O any](chosen func(self ID, st S, option Option, out O) S) Capability[S, O] {
	return Capability[S, O]{chosen: chosen}
}

// Durable lets a part of the state survive crashes: keep selects it, and recover builds a state from it, perhaps
// setting timers again. Durability is thus a function of the state: forgetting to save is impossible, and what a
// crash loses is the difference between st and recover(keep(st)).
func Durable[S, K, O any](keep func(st S) K, recover func(self ID, kept K, out O) S) Capability[S, O] {
	return Capability[S, O]{
		keep:    func(st S) any { return keep(st) },
		recover: func(self ID, kept any, out O) S { return recover(self, kept.(K), out) },
	}
}

// Forget is a hint for a check that reduces the space: normal gives the normal form of a state, in which what no longer
// matters has one value. Two states with the same normal form have to answer every event alike, show the same to
// properties, and lead to states with the same normal form; the check proves that, and fails if it is not so. The normal form of
// a normal form is that form. Only a check that is told to reduce everything asks for it, and no actor that runs.
func Forget[S, O any](normal func(self ID, st S) S) Capability[S, O] {
	return Capability[S, O]{forget: normal}
}

// Compose builds an actor of handlers that command through a type O of their own, which wrap builds around an Out.
// Packages that give protocols a richer vocabulary, such as register, are built on it.
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
