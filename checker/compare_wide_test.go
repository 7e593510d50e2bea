package checker_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/network"
)

// ring is actors that pass tokens on and count them modulo most. Each token doubles as a number that they add to
// their count when they see it, so that neighbours do not keep in step. The space of one token is a long line; every
// actor takes many cells in it, so that a state does not fit into 64 bits.
func ring(actors, tokens, most int) numbers {
	return ringOn(network.UnorderedNonDuplicating, false, actors, tokens, most)
}

func ringOn(n network.Semantics, lossy bool, actors, tokens, most int) numbers {
	var handlers []handler
	for i := range actors {
		handlers = append(handlers, handler{
			start: func(out *actor.Out[int]) int {
				if i < tokens {
					out.Send(actor.ID(i), i)
				}
				return 0
			},
			receive: func(st int, _ actor.ID, msg int, out *actor.Out[int]) int {
				out.Send(actor.ID((i+1)%actors), msg)
				return (st + msg + 1 + i%3) % most
			},
		})
	}
	return newNumbers(model.Config{Network: n, Lossy: lossy}, handlers...)
}

// fan is actors that each choose among options, and tell the next one.
func fan(actors, options int) numbers {
	var handlers []handler
	for i := range actors {
		handlers = append(handlers, handler{
			start: func(out *actor.Out[int]) int {
				var all []actor.Option
				for k := range options {
					all = append(all, k)
				}
				out.Choose(all...)
				return -1
			},
			chosen: func(_ int, option actor.Option, out *actor.Out[int]) int {
				out.Send(actor.ID((i+1)%actors), option.(int))
				return option.(int)
			},
			receive: func(st int, _ actor.ID, msg int, _ *actor.Out[int]) int { return max(st, msg) },
		})
	}
	return newNumbers(model.Config{}, handlers...)
}

// TestWideStates compares systems whose states are wider than 64 bits, so that fields are paired.
func TestWideStates(t *testing.T) {
	short := func(n int) int {
		if brief() {
			return n / 5
		}
		return n
	}
	for _, c := range []struct {
		name   string
		system func() numbers
		states int
	}{
		{"a line of 12 actors", func() numbers { return ring(12, 1, 31) }, 800},
		{"a line of 20 actors", func() numbers { return ring(20, 1, 17) }, 1_200},
		{"two tokens among 14 actors", func() numbers { return ring(14, 2, 23) }, 3_000},
		{"choices of 20 actors", func() numbers { return fan(20, 8) }, 150},
		{"choices of 13 actors", func() numbers { return fan(13, 16) }, 150},
	} {
		t.Run(c.name, func(t *testing.T) {
			tw := c.system()
			tw.ever("the last counts to five", func(s []int) bool { return s[len(s)-1] == 5 })
			tw.never("the first and the last count to nine", func(s []int) bool { return s[0] == 9 && s[len(s)-1] == 9 })
			o := checker.Options{MaxStates: short(c.states), FinishWhen: checker.Exhausted}
			compare(t, tw.sys, tw.ref.Model(), o, 1, 4)
		})
	}
}

// TestRandomRings compares wide systems of random shape on every network.
func TestRandomRings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, lossy := rapid.SampledFrom(network.All()).Draw(t, "network"), rapid.Bool().Draw(t, "lossy")
		actors, tokens := rapid.IntRange(8, 24).Draw(t, "actors"), rapid.IntRange(1, 3).Draw(t, "tokens")
		tw := ringOn(n, lossy, actors, tokens, rapid.IntRange(5, 60).Draw(t, "most"))
		tw.ever("the last counts to five", func(s []int) bool { return s[len(s)-1] == 5 })
		o := checker.Options{MaxStates: 4 * randomStates() / 3, FinishWhen: checker.Exhausted}
		compare(t, tw.sys, tw.ref.Model(), o, 1, 3)
	})
}

// TestGroupedSlots compares systems of more than 2,000 states, when the engine takes slots together whose
// combinations are few, although their actors send to one another.
func TestGroupedSlots(t *testing.T) {
	if brief() {
		t.Skip("the engine takes slots together from 2,000 states on")
	}
	for _, tw := range []numbers{ring(5, 3, 4), chatter(5)} {
		tw.ever("the first counts to three", func(s []int) bool { return s[0] == 3 })
		tw.never("all count to two", func(s []int) bool {
			return !slices.ContainsFunc(s, func(n int) bool { return n != 2 })
		})
		o := checker.Options{MaxStates: 8_000, FinishWhen: checker.Exhausted}
		r := compare(t, tw.sys, tw.ref.Model(), o, 1, 4)
		if r.Unique < 2_500 {
			t.Errorf("%d states are too few to show anything", r.Unique)
		}
	}
}

// chatter is pairs of actors that say little to one another, and a counter, so that the cells of a pair have few
// combinations among many states.
func chatter(pairs int) numbers {
	talk := func(other actor.ID, first bool) handler {
		return handler{
			start: func(out *actor.Out[int]) int {
				if first {
					out.Send(other, 0)
				}
				return 0
			},
			receive: func(st int, _ actor.ID, msg int, out *actor.Out[int]) int {
				out.Send(other, 1-msg)
				return (st + 1) % 3
			},
		}
	}
	var handlers []handler
	for i := range pairs {
		a, b := actor.ID(2*i), actor.ID(2*i+1)
		handlers = append(handlers, talk(b, true), talk(a, false))
	}
	return newNumbers(model.Config{}, handlers...)
}
