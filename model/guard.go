package model

import (
	"fmt"
	"sync"
	"sync/atomic"

	"synod/internal/intern"
)

// ImpureError reports that a function of a model is not the pure function that it must be: a handler of an actor, an
// observer, a projection or selection, a property, or a method of a plain model.
type ImpureError struct {
	Actor string // who: an actor, an observer, a property …
	Event string // what it was called for; may be empty
	What  string // what is wrong, and in which field
	Stack string // where, for a panic: functions of the model, the innermost first, and their lines
	Cause error  // what a function panicked with, if that is an error
}

// Error names who, event and field.
func (e *ImpureError) Error() string { return e.where() + ": " + e.What }

func (e *ImpureError) where() string {
	if e.Event == "" {
		return e.Actor
	}
	return e.Actor + ", " + e.Event
}

// Unwrap returns Cause.
func (e *ImpureError) Unwrap() error { return e.Cause }

// Guard counts the calls of a part of a model, and tells how many of them were made twice, to compare the answers.
type Guard struct {
	Part  string // "handlers", an observer, or "expansions" of a plain model
	Calls int    // distinct ones; repeats of the guard are none
	Twice int
}

// A part that may be called very often is guarded in its first calls, and then by sample.
const (
	guardFirst = 100_000
	guardEvery = 1_000
)

// sampler chooses the calls that are guarded. How many it chose depends on the number of calls only.
type sampler struct{ calls atomic.Int64 }

// twice counts a call, and tells whether it is to be made twice.
func (s *sampler) twice() bool {
	n := s.calls.Add(1)
	return n <= guardFirst || n%guardEvery == 0
}

func (s *sampler) report(part string) Guard {
	n := int(s.calls.Load())
	g := Guard{Part: part, Calls: n, Twice: n}
	if n > guardFirst {
		g.Twice = guardFirst + n/guardEvery - guardFirst/guardEvery
	}
	return g
}

// turns lets the first calls of a model's functions take turns: one that changes what it shares with others is found
// before two of them at once end the process, as Go does when a map is written twice at a time.
type turns struct {
	taken atomic.Int64
	mu    sync.Mutex
}

const firstTurns = 4096

func (t *turns) run(f func()) {
	if t.taken.Add(1) <= firstTurns {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	f()
}

// first tells of the first of some differences: where, and what stood and stands there.
func first(changes []intern.Change, between string) string {
	c := changes[0]
	where := ""
	if c.Path != "" {
		where = c.Path + ": "
	}
	return fmt.Sprintf("%s%s%s%s", where, orNothing(c.Old), between, orNothing(c.New))
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// ownValue watches the value that an actor's handlers belong to. It may not change.
type ownValue struct {
	value, before any // the latter a copy
	opaque        bool // it cannot be walked
	calls         atomic.Int64
}

// A value is looked at after every one of the first calls, and then after one in ownEvery.
const (
	ownFirst = 4096
	ownEvery = 16
)

func (v *ownValue) watch(value any) {
	v.value = value
	if v.opaque = anyWalker.CheckShared(value) != nil; !v.opaque {
		v.before = anyWalker.Copy(value)
	}
}

// sample tells whether the value is to be looked at after a call.
func (v *ownValue) sample() bool {
	n := v.calls.Add(1)
	return n <= ownFirst || n%ownEvery == 0
}

// changed tells how the value changed, or is empty.
func (v *ownValue) changed() string {
	if v.opaque {
		return ""
	}
	changes := anyWalker.Diff(v.before, v.value)
	if len(changes) == 0 {
		return ""
	}
	return first(changes, " became ")
}
