package reference

import (
	"fmt"
	"slices"

	"synod/actor"
)

// Network is the delivery semantics of messages.
type Network uint8

const (
	// Multiset delivers each copy at most once, in any order.
	Multiset Network = iota
	// Flows delivers in the order of sending from each source to each destination.
	Flows
	// Set delivers any message any number of times, in any order.
	Set
)

// System is a system of actors that exchange messages of type M.
type System[M any] struct {
	Network   Network
	Lossy     bool
	Crashable []actor.ID // the actors that may crash
	MaxDown   int        // the most actors down at once
	// The most crashes, losses and timeouts on a path; 0 for no bound.
	MaxCrashes, MaxDrops, MaxTimeouts int
	TimersLast                        bool // timers fire only if there are no deliveries or choices
	OneCopy                           bool // a message equal to one in flight from the same sender is not added
	Consumes                          bool // a delivery without effect removes a copy from a multiset nonetheless
	// The sides that may be cut off from all others, and the most partitions on a path; 0 for none.
	Sides         [][]actor.ID
	MaxPartitions int
	Actors        []Actor[M] // with distinct ids
	Observers     []Observer[M]
	Properties    []Property[*State[M]] // in addition to those of the observers
	Inside        func(*State[M]) bool  // nil for no boundary
}

// Actor is an actor with its state type erased. Create one with Erase.
type Actor[M any] struct {
	id      actor.ID
	start   func(out *actor.Out[M]) any
	receive func(local any, from actor.ID, msg M, out *actor.Out[M]) any
	timeout func(local any, timer actor.Timer, out *actor.Out[M]) any
	chosen  func(local any, option actor.Option, out *actor.Out[M]) any
	keep    func(local any) any
	recover func(kept any, out *actor.Out[M]) any
}

// Erase returns an Actor for one with typed handlers. Every call gets a private copy of the state.
func Erase[S, M any](id actor.ID, a actor.Typed[S, M]) Actor[M] {
	return Actor[M]{
		id:    id,
		start: func(out *actor.Out[M]) any { return a.Start(id, out) },
		receive: func(local any, from actor.ID, msg M, out *actor.Out[M]) any {
			return a.Receive(id, clone(local.(S)), from, msg, out)
		},
		timeout: func(local any, timer actor.Timer, out *actor.Out[M]) any {
			return a.Timeout(id, clone(local.(S)), timer, out)
		},
		chosen: func(local any, option actor.Option, out *actor.Out[M]) any {
			return a.Chosen(id, clone(local.(S)), option, out)
		},
		keep: func(local any) any {
			if a.Keep == nil {
				return nil
			}
			return a.Keep(clone(local.(S)))
		},
		recover: func(kept any, out *actor.Out[M]) any {
			if a.Keep == nil {
				return a.Start(id, out)
			}
			return a.Recover(id, clone(kept), out)
		},
	}
}

// Observer is an observer with its memory type erased. Create one with Watch.
type Observer[M any] struct {
	name  string
	start any
	sees  func(e actor.Envelope[M], p actor.Passage) bool
	next  func(h any, e actor.Envelope[M], p actor.Passage) (any, error)
	crash func(h any, id actor.ID) (any, error) // may be nil
	holds func(h any) bool
}

// Watch returns an Observer for one with typed functions. An error of its Next causes a panic: no test expects one.
func Watch[M, H any](o actor.Observer[M, H]) Observer[M] {
	w := Observer[M]{name: o.Name, start: o.Start, sees: o.Sees}
	w.next = func(h any, e actor.Envelope[M], p actor.Passage) (any, error) { return o.Next(h.(H), e, p) }
	if o.Crash != nil {
		w.crash = func(h any, id actor.ID) (any, error) { return o.Crash(h.(H), id) }
	}
	if o.Holds != nil {
		w.holds = func(h any) bool { return o.Holds(h.(H)) }
	}
	return w
}

// Always adds the property that every reachable state satisfies holds.
func (sys *System[M]) Always(name string, holds func(*State[M]) bool) {
	sys.Properties = append(sys.Properties, Property[*State[M]]{name, Always, holds})
}

// Sometimes adds the property that some reachable state satisfies holds.
func (sys *System[M]) Sometimes(name string, holds func(*State[M]) bool) {
	sys.Properties = append(sys.Properties, Property[*State[M]]{name, Sometimes, holds})
}

// Model returns a model of the system, which must be complete.
func (sys *System[M]) Model() Model[*State[M]] {
	m := Model[*State[M]]{
		Initial: []*State[M]{sys.start()}, Next: sys.next, Key: (*State[M]).Key, Inside: sys.Inside,
		Properties: sys.Properties,
	}
	for i, o := range sys.Observers {
		if o.holds != nil {
			holds := func(s *State[M]) bool { return o.holds(s.Memory(i)) }
			m.Properties = append(m.Properties[:len(m.Properties):len(m.Properties)],
				Property[*State[M]]{o.name, Always, holds})
		}
	}
	return m
}

// start starts the actors one after the other. Their messages are in flight when all have started.
func (sys *System[M]) start() *State[M] {
	s := &State[M]{
		sys: sys, locals: make([]value, len(sys.Actors)), down: make([]bool, len(sys.Actors)), timers: make([][]value, len(sys.Actors)),
		choices: make([][]choice, len(sys.Actors)),
	}
	for _, o := range sys.Observers {
		s.memories = append(s.memories, valueOf(o.start))
	}
	for i, a := range sys.Actors {
		var out actor.Out[M]
		s.locals[i] = valueOf(a.start(&out))
		s.perform(i, out.Commands())
	}
	return s
}

// next returns a successor for every possible transition.
func (sys *System[M]) next(s *State[M]) []*State[M] {
	all := sys.prompt(s)
	if len(all) == 0 || !sys.TimersLast {
		all = append(all, sys.timeouts(s)...)
	}
	for i := range s.letters {
		if sys.Lossy && s.first(i) && (sys.MaxDrops == 0 || s.drops < sys.MaxDrops) {
			next := s.clone()
			next.remove(i)
			next.drops++
			next.by = "drop"
			all = append(all, next)
		}
	}
	for i := range sys.Actors {
		if s.down[i] {
			all = append(all, sys.recover(s, i))
		} else if sys.mayCrash(s, i) {
			all = append(all, sys.crash(s, i))
		}
	}
	if s.apart != nil {
		next := s.clone()
		next.apart = nil
		next.by = "heal"
		all = append(all, next)
	} else if s.partitions < sys.MaxPartitions {
		for _, side := range sys.Sides {
			next := s.clone()
			next.apart = side
			next.partitions++
			next.by = "partition"
			all = append(all, next)
		}
	}
	return all
}

// timeouts returns a successor for every timer that may fire.
func (sys *System[M]) timeouts(s *State[M]) []*State[M] {
	var all []*State[M]
	if sys.MaxTimeouts > 0 && s.timeouts == sys.MaxTimeouts {
		return nil
	}
	for i := range sys.Actors {
		for k := range s.timers[i] {
			if next := sys.expire(s, i, k); next != nil {
				next.timeouts++
				all = append(all, next)
			}
		}
	}
	return all
}

// prompt returns a successor for every delivery and every option of a choice.
func (sys *System[M]) prompt(s *State[M]) []*State[M] {
	var all []*State[M]
	for i := range s.letters {
		if s.deliverable(i) {
			if next := sys.deliver(s, i); next != nil {
				all = append(all, next)
			}
		}
	}
	for i := range sys.Actors {
		for k, c := range s.choices[i] {
			if k > 0 && s.choices[i][k-1].key == c.key {
				continue // the same choice, pending twice
			}
			for _, option := range c.options {
				all = append(all, sys.choose(s, i, k, option))
			}
		}
	}
	return all
}

// deliver returns the state after the delivery of letter i, or nil if it is not a transition.
func (sys *System[M]) deliver(s *State[M], i int) *State[M] {
	l := s.letters[i]
	to := sys.index(l.envelope.To)
	var out actor.Out[M]
	local := valueOf(sys.Actors[to].receive(s.locals[to].v, l.envelope.From, l.envelope.Message, &out))
	ignored := local.key == s.locals[to].key && len(out.Commands()) == 0
	if ignored && sys.Network != Flows && !(sys.Consumes && sys.Network == Multiset) {
		return nil
	}
	next := s.clone()
	next.by = "deliver " + l.key
	if sys.Network != Set {
		next.remove(i)
	}
	if !ignored {
		next.locals[to] = local
		next.pass(l.envelope, actor.Accepted)
		next.perform(to, out.Commands())
	}
	return next
}

// expire returns the state after timer k of actor i fired, or nil if it is not a transition.
func (sys *System[M]) expire(s *State[M], i, k int) *State[M] {
	timer := s.timers[i][k]
	var out actor.Out[M]
	local := valueOf(sys.Actors[i].timeout(s.locals[i].v, timer.v, &out))
	onlyAgain := len(out.Commands()) > 0
	for _, c := range out.Commands() {
		onlyAgain = onlyAgain && c.Kind == actor.SetTimer && Dump(c.Timer) == timer.key
	}
	if onlyAgain && local.key == s.locals[i].key {
		return nil
	}
	next := s.clone()
	next.by = fmt.Sprint("timeout ", i, timer.key)
	next.timers[i] = without(s.timers[i], k)
	next.locals[i] = local
	next.perform(i, out.Commands())
	return next
}

// choose returns the state after an option of pending choice k of actor i was chosen.
func (sys *System[M]) choose(s *State[M], i, k int, option value) *State[M] {
	var out actor.Out[M]
	local := valueOf(sys.Actors[i].chosen(s.locals[i].v, option.v, &out))
	next := s.clone()
	next.by = fmt.Sprint("choose ", i, s.choices[i][k].key)
	next.choices[i] = without(s.choices[i], k)
	next.locals[i] = local
	next.perform(i, out.Commands())
	return next
}

// mayCrash reports whether actor i may crash now.
func (sys *System[M]) mayCrash(s *State[M], i int) bool {
	down := 0
	for _, d := range s.down {
		if d {
			down++
		}
	}
	return slices.Contains(sys.Crashable, sys.Actors[i].id) && down < sys.MaxDown &&
		(sys.MaxCrashes == 0 || s.crashes < sys.MaxCrashes)
}

// crash returns the state after actor i crashed: only the state that it kept and the letters to it remain.
func (sys *System[M]) crash(s *State[M], i int) *State[M] {
	next := s.clone()
	next.locals[i] = valueOf(sys.Actors[i].keep(s.locals[i].v))
	next.timers[i], next.choices[i] = nil, nil
	next.by = "crash"
	next.down[i] = true
	next.crashes++
	for k, o := range sys.Observers {
		if o.crash != nil {
			memory, err := o.crash(next.memories[k].v, sys.Actors[i].id)
			if err != nil {
				panic(fmt.Sprintf("reference: observer %q: %v", o.name, err))
			}
			next.memories[k] = valueOf(memory)
		}
	}
	return next
}

// recover returns the state after actor i recovered.
func (sys *System[M]) recover(s *State[M], i int) *State[M] {
	next := s.clone()
	var out actor.Out[M]
	next.locals[i] = valueOf(sys.Actors[i].recover(s.locals[i].v, &out))
	next.by = fmt.Sprint("recover ", i)
	next.down[i] = false
	next.perform(i, out.Commands())
	return next
}

// index returns the index of an actor, or −1 for an id that no actor has.
func (sys *System[M]) index(id actor.ID) int {
	for i, a := range sys.Actors {
		if a.id == id {
			return i
		}
	}
	return -1
}

// Local returns the local state of an actor, or the zero value while it is down. It must not be modified.
func Local[S, M any](s *State[M], id actor.ID) S {
	i := s.sys.index(id)
	if i < 0 {
		panic(fmt.Sprintf("reference: no actor has the id %v", id))
	}
	if s.down[i] {
		var none S
		return none
	}
	return s.locals[i].v.(S)
}
