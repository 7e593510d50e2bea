package model_test

import (
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/invariant"
	"synod/model"
)

// TestDemand demands of three actors what does not hold of all of them together, and what does not hold of each.
func TestDemand(t *testing.T) {
	sys := model.NewSystem[string](model.Config{})
	var all []model.Ref[int]
	for id := range actor.ID(3) {
		all = append(all, model.Add(sys, id, actor.Typed[int, string]{
			Start: func(self actor.ID, out *actor.Out[string]) int {
				if self == 0 {
					out.Send(1, "x")
				}
				return 0
			},
			Receive: func(self actor.ID, n int, _ actor.ID, _ string, out *actor.Out[string]) int {
				if self < 2 {
					out.Send(self+1, "x")
				}
				return n + int(self)
			},
		}))
	}
	model.Demand(sys, invariant.All("fewer than three", func(counts map[actor.ID]int) bool {
		sum := 0
		for _, n := range counts {
			sum += n
		}
		return sum < 3
	}), all...)
	model.Demand(sys, invariant.Each("as many as its place", func(id actor.ID, n int) bool { return n <= int(id) }), all...)
	model.Demand(sys, invariant.Each("fewer than its place", func(id actor.ID, n int) bool { return n == 0 || n < int(id) }), all...)
	r := checker.BFS(t.Context(), sys, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	want := map[string]checker.Verdict{
		"fewer than three": checker.Violated, "as many as its place": checker.Holds, "fewer than its place": checker.Violated,
	}
	for _, p := range r.Properties {
		if p.Verdict != want[p.Name] {
			t.Errorf("%s: %v, want %v", p.Name, p.Verdict, want[p.Name])
		}
	}
	if len(r.Properties) != len(want) {
		t.Errorf("%d properties", len(r.Properties))
	}
}

// TestDemandForeign makes sure that an actor of another system is refused.
func TestDemandForeign(t *testing.T) {
	sys, other := model.NewSystem[string](model.Config{}), model.NewSystem[string](model.Config{})
	still := actor.Typed[int, string]{
		Start:   func(actor.ID, *actor.Out[string]) int { return 0 },
		Receive: func(_ actor.ID, n int, _ actor.ID, _ string, _ *actor.Out[string]) int { return n },
	}
	model.Add(sys, 0, still)
	model.Demand(sys, invariant.Each("x", func(actor.ID, int) bool { return true }), model.Add(other, 0, still))
	r := checker.BFS(t.Context(), sys, checker.Options{})
	defer r.Close()
	if r.Err == nil {
		t.Error("an actor of another system was taken")
	}
}
