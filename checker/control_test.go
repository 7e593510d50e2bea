package checker_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"synod/checker"
	"synod/examples/singledecree"
	"synod/model"
)

type driver = func(context.Context, model.Source, checker.Options) *checker.Result

// A search that is paused from the start does nothing until it is resumed or stopped.
func TestControl(t *testing.T) {
	source := singledecree.System(singledecree.Default)
	for name, search := range map[string]driver{"bfs": checker.BFS, "dfs": checker.DFS, "walk": checker.Walk} {
		for _, stop := range []bool{false, true} {
			var control checker.Control
			control.Pause()
			if !control.Paused() {
				t.Error("not paused")
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan *checker.Result)
			go func() {
				done <- search(ctx, source, checker.Options{Control: &control, Workers: 2, Walks: 20})
			}()
			select {
			case <-done:
				t.Fatalf("%s: ended although it was paused", name)
			case <-time.After(50 * time.Millisecond):
			}
			if stop {
				cancel()
			} else {
				control.Resume()
			}
			r := <-done
			cancel()
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if !stop && name != "walk" && r.Unique != 16_668 {
				t.Errorf("%s: %d states after a pause", name, r.Unique)
			}
			if stop && r.Unique > 1 {
				t.Errorf("%s: %d states although it was stopped", name, r.Unique)
			}
			r.Close()
		}
	}
}

// A breadth-first search tells of a discovery with the path that it reports at the end.
func TestFound(t *testing.T) {
	var names []string
	var keys []string
	r := checker.BFS(t.Context(), singledecree.System(singledecree.Default), checker.Options{
		Found: func(f checker.Found) {
			names = append(names, f.Property.Name)
			keys = f.Path.Keys()
		},
	})
	defer r.Close()
	if !slices.Equal(names, []string{"value chosen"}) || !slices.Equal(keys, r.Properties[3].Path.Keys()) {
		t.Errorf("found %q by %q", names, keys)
	}
}
