package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"synod/actor"
)

// State is a state of a System. It is not modified once it is complete.
type State[M any] struct {
	sys    *System[M]
	locals []value // per actor; if it is down, the state that it kept
	down   []bool  // per actor

	apart []actor.ID // the actors cut off from all others, nil for none

	crashes, drops, timeouts, partitions int // so far

	timers   [][]value  // per actor: a set, sorted by key
	choices  [][]choice // per actor: pending ones, sorted by key
	letters  []letter[M]
	memories []value // per observer

	by string // of a successor: the kind of the action, and what distinguishes it from others for fairness
}

// By names the action that led from a state to this successor returned by Next: its kind, and what distinguishes it
// from others for fairness. All options of a choice have the same name.
func (s *State[M]) By() string { return s.by }

// value is any value with its dump.
type value struct {
	v   any
	key string
}

func valueOf(v any) value { return value{v, Dump(v)} }

// choice is a set of options, sorted by key.
type choice struct {
	options []value
	key     string
}

// letter is a message in flight, with its dump. All letters of a state are in one list, in the order of sending.
type letter[M any] struct {
	envelope actor.Envelope[M]
	key      string
}

// Key returns a string that distinguishes the state from all others of its system.
func (s *State[M]) Key() string {
	var b strings.Builder
	for i, local := range s.locals {
		if s.down[i] {
			b.WriteString("down, kept ")
		}
		b.WriteString(local.key + "\n")
		for _, t := range s.timers[i] {
			b.WriteString("timer " + t.key + "\n")
		}
		for _, c := range s.choices[i] {
			b.WriteString("choice " + c.key + "\n")
		}
	}
	for _, m := range s.memories {
		b.WriteString(m.key + "\n")
	}
	if s.sys.MaxCrashes > 0 {
		fmt.Fprintf(&b, "%d crashes\n", s.crashes)
	}
	if s.sys.MaxDrops > 0 {
		fmt.Fprintf(&b, "%d drops\n", s.drops)
	}
	if s.sys.MaxPartitions > 0 {
		fmt.Fprintf(&b, "%d partitions, apart: %v\n", s.partitions, s.apart)
	}
	if s.sys.MaxTimeouts > 0 {
		fmt.Fprintf(&b, "%d timeouts\n", s.timeouts)
	}
	letters := slices.Clone(s.letters)
	slices.SortStableFunc(letters, func(x, y letter[M]) int {
		if s.sys.Network == Flows { // The order within a flow is part of the state; the order between flows is not.
			return cmp.Or(cmp.Compare(x.envelope.From, y.envelope.From), cmp.Compare(x.envelope.To, y.envelope.To))
		}
		return cmp.Compare(x.key, y.key)
	})
	for _, l := range letters {
		b.WriteString(l.key + "\n")
	}
	return b.String()
}

// clone returns a copy for building a successor. The elements of the lists of timers and choices are shared.
func (s *State[M]) clone() *State[M] {
	return &State[M]{
		sys: s.sys, locals: slices.Clone(s.locals), down: slices.Clone(s.down), crashes: s.crashes, drops: s.drops,
		timeouts: s.timeouts, partitions: s.partitions, apart: s.apart, timers: slices.Clone(s.timers),
		choices: slices.Clone(s.choices), letters: slices.Clone(s.letters), memories: slices.Clone(s.memories),
	}
}

// deliverable reports whether letter i may be delivered. Of equal letters, only the first is deliverable.
func (s *State[M]) deliverable(i int) bool {
	if !s.first(i) {
		return false
	}
	e := s.letters[i].envelope
	cut := s.apart != nil && slices.Contains(s.apart, e.From) != slices.Contains(s.apart, e.To)
	return !cut && !s.down[s.sys.index(e.To)]
}

// first reports whether letter i is the next of its flow, or the first of equal ones, and has an existing actor as
// its destination.
func (s *State[M]) first(i int) bool {
	l := s.letters[i]
	if s.sys.index(l.envelope.To) < 0 {
		return false
	}
	for _, earlier := range s.letters[:i] {
		sameFlow := earlier.envelope.From == l.envelope.From && earlier.envelope.To == l.envelope.To
		if s.sys.Network == Flows && sameFlow || s.sys.Network != Flows && earlier.key == l.key {
			return false
		}
	}
	return true
}

// remove removes letter i from a state under construction.
func (s *State[M]) remove(i int) { s.letters = without(s.letters, i) }

// perform applies the commands of an actor, in order, to a state under construction.
func (s *State[M]) perform(self int, commands []actor.Command[M]) {
	for _, c := range commands {
		switch c.Kind {
		case actor.Send:
			s.send(actor.Envelope[M]{From: s.sys.Actors[self].id, To: c.To, Message: c.Message})
		case actor.SetTimer:
			timer := valueOf(c.Timer)
			if !slices.ContainsFunc(s.timers[self], timer.is) {
				s.timers[self] = inserted(s.timers[self], timer)
			}
		case actor.CancelTimer:
			if k := slices.IndexFunc(s.timers[self], valueOf(c.Timer).is); k >= 0 {
				s.timers[self] = without(s.timers[self], k)
			}
		case actor.Choose:
			var pending choice
			for _, o := range c.Options {
				if option := valueOf(o); !slices.ContainsFunc(pending.options, option.is) {
					pending.options = inserted(pending.options, option)
				}
			}
			for _, option := range pending.options {
				pending.key += fmt.Sprintf("%q ", option.key)
			}
			list := append(slices.Clone(s.choices[self]), pending)
			slices.SortStableFunc(list, func(x, y choice) int { return cmp.Compare(x.key, y.key) })
			s.choices[self] = list
		}
	}
}

// send puts a message in flight, and notifies the observers.
func (s *State[M]) send(e actor.Envelope[M]) {
	l := letter[M]{e, fmt.Sprintf("%d>%d %s", e.From, e.To, Dump(e.Message))}
	known := slices.ContainsFunc(s.letters, func(other letter[M]) bool { return other.key == l.key })
	if !known || s.sys.Network != Set && !s.sys.OneCopy {
		s.letters = append(s.letters, l)
	}
	s.pass(e, actor.Sent)
}

// pass notifies the observers of a message.
func (s *State[M]) pass(e actor.Envelope[M], p actor.Passage) {
	for i, o := range s.sys.Observers {
		if o.sees != nil && !o.sees(e, p) {
			continue
		}
		memory, err := o.next(s.memories[i].v, e, p)
		if err != nil {
			panic(fmt.Sprintf("reference: observer %q: %v", o.name, err))
		}
		s.memories[i] = valueOf(memory)
	}
}

// InFlight returns all messages in flight, including copies and undeliverable messages.
func (s *State[M]) InFlight() []actor.Envelope[M] {
	all := make([]actor.Envelope[M], len(s.letters))
	for i, l := range s.letters {
		all[i] = l.envelope
	}
	return all
}

// Deliverable returns the distinct messages that may be delivered next.
func (s *State[M]) Deliverable() []actor.Envelope[M] {
	var all []actor.Envelope[M]
	for i, l := range s.letters {
		if s.deliverable(i) {
			all = append(all, l.envelope)
		}
	}
	return all
}

// Actor returns the state of an actor except its mailbox: its local state, or its persisted state if it is down, its
// timers and its pending choices.
func (s *State[M]) Actor(i int) (local any, down bool, timers []actor.Timer, choices [][]actor.Option) {
	for _, t := range s.timers[i] {
		timers = append(timers, t.v)
	}
	for _, c := range s.choices[i] {
		var options []actor.Option
		for _, o := range c.options {
			options = append(options, o.v)
		}
		choices = append(choices, options)
	}
	return s.locals[i].v, s.down[i], timers, choices
}

// Partitioned reports whether some actors are cut off.
func (s *State[M]) Partitioned() bool { return s.apart != nil }

// Memory returns the memory of an observer. It must not be modified.
func (s *State[M]) Memory(observer int) any { return s.memories[observer].v }

// is reports whether two values are equal.
func (v value) is(w value) bool { return v.key == w.key }

// inserted returns a sorted copy of the list with one more value.
func inserted(list []value, v value) []value {
	list = append(slices.Clone(list), v)
	slices.SortFunc(list, func(x, y value) int { return cmp.Compare(x.key, y.key) })
	return list
}

// without returns a copy of the list without element i.
func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }
