package checker

import (
	"slices"
	"testing"

	"synod/checker/internal/expand"
	"synod/examples/singledecree"
	"synod/model/statespace"
)

// TestRelayoutStopped stops a search while its states move to other units and another layout: all must be as it was.
func TestRelayoutStopped(t *testing.T) {
	for _, cause := range []stopCause{stopTime, stopMemory, stopInterrupt, stopError} {
		r := BFS(t.Context(), singledecree.System(singledecree.Default), Options{FinishWhen: Exhausted, MaxDepth: 15})
		e := r.engine
		before := e.states.Len()
		e.halt.Store(uint32(cause))
		groups := make([][]int, e.space.Slots())
		for slot := range groups {
			groups[slot] = []int{slot}
		}
		if e.relayout(expand.New(e.space, e.states.Arena, groups)) {
			t.Error("a relayout came to its end although the search was stopped")
		}
		if e.states.Len() != before {
			t.Errorf("%d states, there were %d", e.states.Len(), before)
		}
		e.halt.Store(uint32(running))
		var states [][]statespace.PartID
		for state := range r.States() {
			states = append(states, slices.Clone(state))
		}
		if len(states) != before {
			t.Errorf("%d states, there were %d", len(states), before)
		}
		r.Close()
	}
}
