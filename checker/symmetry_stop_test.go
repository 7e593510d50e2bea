package checker

import (
	"testing"

	"synod/examples/lease"
)

// TestTurnedOver makes sure that what is asked about all images of a state is told when the search is over.
func TestTurnedOver(t *testing.T) {
	r := BFS(t.Context(), lease.System(lease.Default), Options{Symmetry: true, FinishWhen: Exhausted})
	defer r.Close()
	e := r.engine
	if r.Err != nil || !e.turning.on() {
		t.Fatalf("the search has no symmetry: %v", r.Err)
	}
	polled := 0
	for cause := running; cause <= stopError; cause++ {
		e.halt.Store(uint32(cause))
		for i := range e.judge.Properties {
			asked := e.judge.Holds(i)
			if asked == nil || asked.Turned == nil {
				continue
			}
			polled++
			if over := asked.Turned.Over(); over != (cause >= stopTime) {
				t.Errorf("stopped by %d: over is %v", cause, over)
			}
		}
	}
	if polled == 0 {
		t.Error("no property is asked about images")
	}
}
