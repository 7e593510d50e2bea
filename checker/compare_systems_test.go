package checker_test

import (
	"slices"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
)

// handler is an actor made of funcs, whose state is an int. What is nil does nothing.
type handler struct {
	start   func(out *actor.Out[int]) int
	receive func(st int, from actor.ID, msg int, out *actor.Out[int]) int
	timeout func(st int, timer actor.Timer, out *actor.Out[int]) int
	chosen  func(st int, option actor.Option, out *actor.Out[int]) int
}

func (h handler) typed() actor.Typed[int, int] {
	return actor.Typed[int, int]{
		Start: func(_ actor.ID, out *actor.Out[int]) int {
			if h.start == nil {
				return 0
			}
			return h.start(out)
		},
		Receive: func(_ actor.ID, st int, from actor.ID, msg int, out *actor.Out[int]) int {
			if h.receive == nil {
				return st
			}
			return h.receive(st, from, msg, out)
		},
		Timeout: func(_ actor.ID, st int, timer actor.Timer, out *actor.Out[int]) int {
			return h.timeout(st, timer, out)
		},
		Chosen: func(_ actor.ID, st int, option actor.Option, out *actor.Out[int]) int {
			return h.chosen(st, option, out)
		},
	}
}

// numbers is a system of actors whose states and messages are ints.
type numbers struct {
	*twin[int]
	refs []model.Ref[int]
}

func newNumbers(c model.Config, handlers ...handler) numbers {
	tw := numbers{twin: newTwin[int](c)}
	tw.crashable(actor.IDs(len(handlers))...)
	for id, h := range handlers {
		tw.refs = append(tw.refs, add(tw.twin, actor.ID(id), h.typed()))
	}
	return tw
}

// ever adds the property that the actors' states are some time as holds wants them.
func (tw numbers) ever(name string, holds func(states []int) bool) {
	tw.sometimes(name, func(v model.View) bool { return holds(tw.states(v)) },
		func(s *reference.State[int]) bool { return holds(plainStates(s, len(tw.refs))) })
}

// never adds the property that the actors' states are never so.
func (tw numbers) never(name string, so func(states []int) bool) {
	tw.always(name, func(v model.View) bool { return !so(tw.states(v)) },
		func(s *reference.State[int]) bool { return !so(plainStates(s, len(tw.refs))) })
}

func (tw numbers) states(v model.View) []int {
	var all []int
	for _, r := range tw.refs {
		st, _ := r.In(v)
		all = append(all, st)
	}
	return all
}

func plainStates(s *reference.State[int], n int) []int {
	var all []int
	for _, id := range actor.IDs(n) {
		all = append(all, reference.Local[int](s, id))
	}
	return all
}

// pingPong is two actors that send a growing number to and fro, until it is most.
func pingPong(c model.Config, most int) numbers {
	receive := func(st int, from actor.ID, msg int, out *actor.Out[int]) int {
		if msg >= st && msg < most {
			out.Send(from, msg+1)
			return msg + 1
		}
		return st
	}
	return newNumbers(c,
		handler{receive: receive, start: func(out *actor.Out[int]) int { out.Send(1, 0); return 1 }},
		handler{receive: receive})
}

// smallSystems each show one trait of the semantics.
var smallSystems = map[string]func(c model.Config) numbers{
	"ping pong": func(c model.Config) numbers {
		tw := pingPong(c, 5)
		tw.ever("three and four", func(s []int) bool { return s[0] == 4 && s[1] == 3 })
		tw.never("second is ahead", func(s []int) bool { return s[1] > s[0] })
		return tw
	},
	"timers and choices": timersAndChoices,
	"self-sends":         selfSends,
	"nobody":             toNobody,
	"broadcast storm":    storm,
	"one flow":           oneFlow,
}

// TestSmallSystems compares systems that each show one trait of the semantics.
func TestSmallSystems(t *testing.T) {
	bounded := checker.Options{FinishWhen: checker.Exhausted, MaxStates: 1_000}
	if brief() {
		bounded.MaxStates = 100
	}
	for name, system := range smallSystems {
		t.Run(name, func(t *testing.T) {
			everyNetwork(t, func(t *testing.T, n network.Semantics, lossy bool) {
				c := model.Config{Network: n, Lossy: lossy}
				r := system(c).check(t, bounded, 1, 4)
				system(c).check(t, checker.Options{MaxStates: bounded.MaxStates / 3}, 3)
				if r.Unique < 5 {
					t.Errorf("only %d states: this shows nothing", r.Unique)
				}
			})
		})
	}
}

// timersAndChoices is an actor that draws how long to sleep, and one that it wakes.
func timersAndChoices(c model.Config) numbers {
	sleeper := handler{
		start: func(out *actor.Out[int]) int {
			out.SetTimer("tick", 0, 0)
			out.SetTimer("idle", 0, 0)
			out.Choose(1, 2, 2)
			return 0
		},
		timeout: func(st int, timer actor.Timer, out *actor.Out[int]) int {
			switch {
			case timer == "idle" && st < 2:
				out.SetTimer("idle", 0, 0) // Nothing but itself: no transition.
			case timer == "idle":
				out.CancelTimer("tick") // Without effect on the state, but a transition.
			case st < 3:
				out.Choose(1, 2)
				out.Choose(3, 4)
				out.Choose(2, 1)
				out.SetTimer("tick", 0, 0)
				out.SetTimer("tick", 0, 0)
				return st + 1
			}
			return st
		},
		chosen: func(st int, option actor.Option, out *actor.Out[int]) int {
			if option == 2 {
				out.Send(1, st)
			}
			if option == 3 {
				out.CancelTimer("tick")
				out.SetTimer("last", 0, 0)
			}
			return st
		},
	}
	woken := handler{receive: func(st int, _ actor.ID, msg int, out *actor.Out[int]) int {
		out.SetTimer(msg, 0, 0)
		return max(st, msg)
	}, timeout: func(st int, timer actor.Timer, _ *actor.Out[int]) int { return (st + timer.(int)) % 3 }}
	tw := newNumbers(c, sleeper, woken)
	tw.ever("woken at two", func(s []int) bool { return s[1] == 2 })
	tw.never("asleep at three", func(s []int) bool { return s[0] == 3 })
	return tw
}

// selfSends is actors that send to themselves, in one step with what they send to others.
func selfSends(c model.Config) numbers {
	h := func(self, other actor.ID) handler {
		return handler{
			start: func(out *actor.Out[int]) int { out.Send(self, 1); return 0 },
			receive: func(st int, from actor.ID, msg int, out *actor.Out[int]) int {
				if st < 3 && from == self {
					out.Send(self, msg)
					out.Send(other, msg+1)
					out.Send(self, msg+1)
					return st + 1
				}
				return st
			},
		}
	}
	tw := newNumbers(c, h(0, 1), h(1, 0))
	tw.ever("both at two", func(s []int) bool { return s[0] == 2 && s[1] == 2 })
	return tw
}

// toNobody sends to ids that no actor has, and remembers in which order only in what is in flight.
func toNobody(c model.Config) numbers {
	sender := handler{
		start: func(out *actor.Out[int]) int { out.Choose(1, 2); out.Choose(1, 2); out.Choose(3); return 0 },
		chosen: func(st int, option actor.Option, out *actor.Out[int]) int {
			out.Send(7, option.(int))
			out.Send(1, option.(int))
			if option == 3 {
				out.Send(8, 7)
			}
			return st
		},
	}
	receiver := handler{receive: func(st int, _ actor.ID, msg int, out *actor.Out[int]) int {
		if st < 2 {
			out.Send(7, msg)
			return st + 1
		}
		return st
	}}
	tw := newNumbers(c, sender, receiver)
	strangers := model.Select(tw.sys, func(e actor.Envelope[int]) (int, bool) { return e.Message, e.To == 7 })
	tw.sometimes("three for seven",
		func(v model.View) bool { return len(strangers.InFlight(v)) == 3 },
		func(s *reference.State[int]) bool { return len(distinctTo(s.InFlight(), 7)) == 3 })
	tw.sometimes("deliverable to seven",
		func(v model.View) bool { return len(strangers.Deliverable(v)) > 0 },
		func(s *reference.State[int]) bool { return len(distinctTo(s.Deliverable(), 7)) > 0 })
	return tw
}

func distinctTo(envelopes []actor.Envelope[int], to actor.ID) []int {
	var all []int
	for _, e := range envelopes {
		if e.To == to && !slices.Contains(all, e.Message) {
			all = append(all, e.Message)
		}
	}
	return all
}

// storm is actors that pass on what they hear for the first time to everybody.
func storm(c model.Config) numbers {
	ids := actor.IDs(3)
	h := func(self actor.ID) handler {
		return handler{
			start: func(out *actor.Out[int]) int {
				if self < 2 {
					out.Broadcast(actor.Others(ids, self), 1<<self)
				}
				return 0
			},
			receive: func(st int, _ actor.ID, msg int, out *actor.Out[int]) int {
				if st&msg == 0 {
					out.Broadcast(ids, msg)
				}
				return st | msg
			},
		}
	}
	tw := newNumbers(c, h(0), h(1), h(2))
	tw.ever("everybody knows", func(s []int) bool { return s[0] == 3 && s[1] == 3 && s[2] == 3 })
	return tw
}

// oneFlow is a receiver that ignores odd numbers: in a flow they must be taken away, elsewhere they stay.
func oneFlow(c model.Config) numbers {
	tw := newNumbers(c,
		handler{start: func(out *actor.Out[int]) int {
			for i := range 4 {
				out.Send(2, i)
			}
			return 0
		}},
		handler{start: func(out *actor.Out[int]) int { out.Send(2, 1); out.Send(2, 4); return 0 }},
		handler{receive: func(st int, _ actor.ID, msg int, _ *actor.Out[int]) int {
			if msg%2 == 0 {
				return msg
			}
			return st
		}})
	tw.ever("two after four", func(s []int) bool { return s[2] == 2 })
	record(tw.twin, actor.Observer[int, []int]{
		Name: "never four things", Start: []int{},
		Sees: func(_ actor.Envelope[int], p actor.Passage) bool { return p == actor.Accepted },
		Next: func(h []int, e actor.Envelope[int], _ actor.Passage) ([]int, error) {
			if len(h) == 4 {
				return h, nil
			}
			return append(slices.Clone(h), e.Message), nil
		},
		Holds: func(h []int) bool { return len(h) < 4 },
	})
	return tw
}
