package reference_test

import (
	"reflect"
	"testing"

	"synod/actor"
	"synod/internal/raced"
	"synod/internal/reference"
	paxos "synod/paxos/singledecree"
	"synod/register"
)

// paxosSystem is single-decree Paxos with register clients that put once.
func paxosSystem(servers, clients int) *reference.System[register.Message] {
	sys := &reference.System[register.Message]{}
	ids := actor.IDs(servers)
	for _, id := range ids {
		sys.Actors = append(sys.Actors, reference.Erase(id, paxos.New(actor.Others(ids, id))))
	}
	for i, client := range register.Clients(ids, clients, 1) {
		sys.Actors = append(sys.Actors, reference.Erase(actor.ID(servers+i), client))
	}
	sys.Observers = append(sys.Observers, reference.Watch(register.Linearizable()))
	sys.Sometimes("value chosen", func(s *reference.State[register.Message]) bool {
		for _, e := range s.Deliverable() {
			if m, ok := e.Message.(register.GetOk); ok && m.Value != 0 {
				return true
			}
		}
		return false
	})
	return sys
}

// TestPaxos compares with the published counts.
func TestPaxos(t *testing.T) {
	if testing.Short() || raced.Detector {
		t.Skip("16,668 states take seconds")
	}
	r := reference.Search(paxosSystem(3, 2).Model(), reference.Options{})
	if r.Unique != 16_668 || r.Generated != 32_971 || r.Depth != 21 || !r.Exhausted {
		t.Errorf("%d unique, %d generated, depth %d", r.Unique, r.Generated, r.Depth)
	}
	want := []reference.Decision{
		{Name: "value chosen", Verdict: reference.Example, Length: 9},
		{Name: "linearizable", Verdict: reference.Holds},
	}
	if !reflect.DeepEqual(r.Decisions, want) {
		t.Errorf("got %v, want %v", r.Decisions, want)
	}
}

func BenchmarkPaxos(b *testing.B) {
	states := 0
	for b.Loop() {
		states += reference.Search(paxosSystem(3, 2).Model(), reference.Options{}).Unique
	}
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
}

// script is an actor whose handlers are given in a test; its state is a number.
type script struct {
	start   func(out *actor.Out[string])
	receive func(st int, msg string, out *actor.Out[string]) int
	timeout func(st int, timer actor.Timer, out *actor.Out[string]) int
	chosen  func(st int, option actor.Option, out *actor.Out[string]) int
}

func (s script) actor(id actor.ID) reference.Actor[string] {
	return reference.Erase(id, actor.Typed[int, string]{
		Start: func(_ actor.ID, out *actor.Out[string]) int {
			if s.start != nil {
				s.start(out)
			}
			return 0
		},
		Receive: func(_ actor.ID, st int, _ actor.ID, msg string, out *actor.Out[string]) int {
			if s.receive == nil {
				return st
			}
			return s.receive(st, msg, out)
		},
		Timeout: func(_ actor.ID, st int, timer actor.Timer, out *actor.Out[string]) int {
			return s.timeout(st, timer, out)
		},
		Chosen: func(_ actor.ID, st int, option actor.Option, out *actor.Out[string]) int {
			return s.chosen(st, option, out)
		},
	})
}

// TestSemantics counts small spaces by hand: unique and generated states for each network.
func TestSemantics(t *testing.T) {
	sends := func(to actor.ID, messages ...string) func(*actor.Out[string]) {
		return func(out *actor.Out[string]) {
			for _, m := range messages {
				out.Send(to, m)
			}
		}
	}
	count := func(st int, _ string, _ *actor.Out[string]) int { return min(st+1, 2) }
	type counts [2]int
	for _, c := range []struct {
		name   string
		actors []script
		lossy  bool
		want   [3]counts // multiset, flows, set
	}{
		{
			"an ignored message stays, unless it blocks a flow",
			[]script{{start: sends(1, "a", "b")}, {}},
			false,
			[3]counts{{1, 1}, {3, 3}, {1, 1}},
		},
		{
			"two messages are delivered in any order, in order, or again and again",
			[]script{{start: sends(1, "a", "b")}, {receive: count}},
			false,
			// States of the set: received 0, 1 or 2 with the same two messages; at 2 both are ignored.
			[3]counts{{4, 5}, {3, 3}, {3, 5}},
		},
		{
			"equal messages are one in a set, and one delivery of a multiset",
			[]script{{start: sends(1, "a", "a")}, {receive: count}},
			false,
			[3]counts{{3, 3}, {3, 3}, {3, 3}},
		},
		{
			"a loss for every message, only of heads in a flow",
			[]script{{start: sends(1, "a", "b")}, {}},
			true,
			[3]counts{{4, 5}, {3, 5}, {4, 5}},
		},
		{
			"messages to nobody stay and tell states apart, and only flows know their order",
			[]script{{
				start: func(out *actor.Out[string]) { out.Choose(1, 2); out.Choose(1, 2) },
				chosen: func(_ int, o actor.Option, out *actor.Out[string]) int {
					out.Send(9, "ab"[o.(int)-1:o.(int)])
					return 0
				},
			}},
			true,
			// Nothing sent; a, b; aa, ab, bb. Equal ones are one in a set.
			[3]counts{{6, 7}, {7, 7}, {5 + 1, 7}},
		},
		{
			"a timer that only sets itself again is no transition, one that does nothing is",
			[]script{{
				start: func(out *actor.Out[string]) { out.SetTimer("again", 0, 0); out.SetTimer("once", 0, 0) },
				timeout: func(st int, timer actor.Timer, out *actor.Out[string]) int {
					if timer == "again" {
						out.SetTimer("again", 0, 0)
					}
					return st
				},
			}},
			false,
			[3]counts{{2, 2}, {2, 2}, {2, 2}},
		},
		{
			"a choice is a transition even if it changes nothing but itself",
			[]script{{
				start:  func(out *actor.Out[string]) { out.Choose("x", "y", "x") },
				chosen: func(st int, _ actor.Option, _ *actor.Out[string]) int { return st },
			}},
			false,
			[3]counts{{2, 3}, {2, 3}, {2, 3}},
		},
	} {
		for n, want := range c.want {
			sys := &reference.System[string]{Network: reference.Network(n), Lossy: c.lossy}
			for id, s := range c.actors {
				sys.Actors = append(sys.Actors, s.actor(actor.ID(id)))
			}
			r := reference.Search(sys.Model(), reference.Options{})
			if got := (counts{r.Unique, r.Generated}); got != want {
				t.Errorf("%s: network %d: unique and generated %v, want %v", c.name, n, got, want)
			}
		}
	}
}

// TestEarlyStop walks along the numbers from 1, by steps of 1 and 2.
func TestEarlyStop(t *testing.T) {
	m := reference.Model[int]{
		Initial: []int{1},
		Next:    func(n int) []int { return []int{n + 1, n + 2} },
		Key:     func(n int) string { return string(rune(n)) },
		Inside:  func(n int) bool { return n <= 100 },
		Properties: []reference.Property[int]{
			{"small", reference.Always, func(n int) bool { return n < 4 }},
			{"six", reference.Sometimes, func(n int) bool { return n == 6 }},
			{"zero", reference.Sometimes, func(n int) bool { return n == 0 }},
		},
	}
	check := func(properties int, o reference.Options, unique, generated, depth int, verdicts ...reference.Verdict) {
		t.Helper()
		m := m
		m.Properties = m.Properties[:properties]
		r := reference.Search(m, o)
		if r.Unique != unique || r.Generated != generated || r.Depth != depth {
			t.Errorf("unique, generated, depth: %d, %d, %d, want %d, %d, %d",
				r.Unique, r.Generated, r.Depth, unique, generated, depth)
		}
		for i, v := range verdicts {
			if r.Decisions[i].Verdict != v {
				t.Errorf("%s: %s, want %s", r.Decisions[i].Name, r.Decisions[i].Verdict, v)
			}
		}
	}
	// Levels: 1; 2 3; 4 5; 6 7; … 100. From 99 one transition is cut, from 100 two.
	check(3, reference.Options{}, 100, 198, 51, reference.Violated, reference.Example, reference.Never)
	check(2, reference.Options{}, 7, 11, 4, reference.Violated, reference.Example)
	check(2, reference.Options{FinishWhen: reference.FirstViolation}, 5, 7, 3, reference.Violated, reference.Undecided)
	check(2, reference.Options{FinishWhen: reference.Exhausted}, 100, 198, 51, reference.Violated, reference.Example)
	check(3, reference.Options{MaxDepth: 3}, 5, 7, 3, reference.Violated, reference.Undecided, reference.Undecided)
	check(3, reference.Options{MaxStates: 6}, 7, 11, 4, reference.Violated, reference.Example, reference.Undecided)
	check(3, reference.Options{MaxDepth: 51}, 100, 198, 51, reference.Violated, reference.Example, reference.Undecided)
	check(3, reference.Options{MaxDepth: 52}, 100, 198, 51, reference.Violated, reference.Example, reference.Never)
}
