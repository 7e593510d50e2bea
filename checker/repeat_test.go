package checker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"synod/catalog"
	"synod/checker"
	"synod/checker/report"
	shipped "synod/examples/catalog"
	"synod/examples/singledecree"
	"synod/internal/raced"
	"synod/model"
	"synod/network"
)

// repeatable is a check whose document must be the same, byte for byte but for its runtime, at any number of workers.
type repeatable struct {
	name    string
	source  func() (model.Source, error)
	options checker.Options
}

// repeatLimit bounds the states of a check, so that the many of them are quick. It ends a level, so it is the same in
// every run. With -long they are large enough for relayouts and new units in the middle of a search.
func repeatLimit() int {
	if *long {
		return 200_000
	}
	return 1_500
}

// repeatables are every entry of the catalogue with all its networks, with and without loss, and a mutant (with -long all),
// and some models with limits and a boundary.
func repeatables() []repeatable {
	var all []repeatable
	add := func(name string, o checker.Options, source func() (model.Source, error)) {
		all = append(all, repeatable{name, source, o})
	}
	for _, e := range shipped.All() {
		settings := []catalog.Settings{{}}
		for _, n := range e.NetworkNames() {
			settings = append(settings, catalog.Settings{Network: n}, catalog.Settings{Network: n, Lossy: true})
		}
		for i, m := range e.MutantNames() {
			if i > 0 && !*long {
				break
			}
			settings = append(settings, catalog.Settings{Mutant: m})
		}
		for _, s := range settings {
			name := fmt.Sprintf("%s, network %q, lossy %v, mutant %q", e.Name, s.Network, s.Lossy, s.Mutant)
			add(name, checker.Options{MaxStates: repeatLimit()}, func() (model.Source, error) { return e.Build(s) })
		}
	}
	paxos := func() (model.Source, error) { return singledecree.System(singledecree.Default), nil }
	add("max-depth", checker.Options{MaxDepth: 9}, paxos)
	add("max-states", checker.Options{MaxStates: 3_000}, paxos)
	add("first violation", checker.Options{FinishWhen: checker.FirstViolation}, paxos)
	add("to the end", checker.Options{FinishWhen: checker.Exhausted}, paxos)
	add("boundary", checker.Options{FinishWhen: checker.Exhausted}, func() (model.Source, error) {
		sys := singledecree.System(singledecree.Default)
		sys.Within(func(v model.View) bool { return len(sys.InFlight(v)) <= 4 })
		return sys, nil
	})
	add("boundary on a duplicating network", checker.Options{MaxDepth: 12}, func() (model.Source, error) {
		c := singledecree.Default
		c.Network, c.Clients = network.UnorderedDuplicating, 1
		sys := singledecree.System(c)
		sys.Within(func(v model.View) bool { return len(sys.InFlight(v)) <= 12 })
		return sys, nil
	})
	return all
}

// document runs a check and returns its document without what may differ.
func document(
	t *testing.T, search func(context.Context, model.Source, checker.Options) *checker.Result, c repeatable, workers int,
) []byte {
	t.Helper()
	src, err := c.source()
	if err != nil {
		t.Fatal(err)
	}
	o := c.options
	o.Workers = workers
	r := search(t.Context(), src, o)
	defer r.Close()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	d := report.Of(r)
	d.Runtime = report.RuntimeDocument{}
	text, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sameDocuments(
	t *testing.T, search func(context.Context, model.Source, checker.Options) *checker.Result, c repeatable, workers ...int,
) {
	t.Helper()
	first := document(t, search, c, workers[0])
	for _, n := range workers[1:] {
		if again := document(t, search, c, n); !bytes.Equal(first, again) {
			t.Errorf("%d workers give another document than %d: %s", n, workers[0], firstDifference(first, again))
		}
	}
}

// firstDifference returns the first lines that differ.
func firstDifference(a, b []byte) string {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			from := max(0, i-4)
			return fmt.Sprintf("line %d:\n%s\nand\n%s", i+1, bytes.Join(x[from:i+1], []byte("\n")), y[i])
		}
	}
	return "one is longer"
}

// TestBreadthFirstRepeats makes every check at one to four workers, several times each.
func TestBreadthFirstRepeats(t *testing.T) {
	workers := []int{1, 2, 3, 4, 4}
	switch {
	case *long:
		workers = []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}
	case testing.Short() || raced.Detector:
		workers = []int{1, 4}
	}
	for _, c := range repeatables() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sameDocuments(t, checker.BFS, c, workers...)
		})
	}
}

// TestDepthFirstRepeats makes every check with one worker twice: no more is promised. One worker may not go deep where a
// space has no end, so these have a depth limit.
func TestDepthFirstRepeats(t *testing.T) {
	for _, c := range repeatables() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.options.MaxDepth == 0 {
				c.options.MaxDepth = 200
			}
			sameDocuments(t, checker.DFS, c, 1, 1)
		})
	}
}

// TestWalksRepeat makes the same walks at one to four workers.
func TestWalksRepeat(t *testing.T) {
	for _, c := range repeatables() {
		if c.options.MaxDepth > 0 { // Walks have a length of their own.
			c.options.MaxDepth = 0
		}
		c.options.MaxStates = 0
		c.options.Walks, c.options.WalkDepth, c.options.Seed = 20, 60, 3
		if *long {
			c.options.Walks = 3_000
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sameDocuments(t, checker.Walk, c, 1, 2, 3, 4)
			c.options.FinishWhen = checker.Exhausted
			sameDocuments(t, checker.Walk, c, 1, 4)
		})
	}
}

// TestWalksToFirstViolationRepeat looks at what else is found when walks end at the first violation.
func TestWalksToFirstViolationRepeat(t *testing.T) {
	for _, mutant := range []string{"own-value", "promise-forgotten", "small-majority"} {
		t.Run(mutant, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				o := checker.Options{FinishWhen: checker.FirstViolation, Walks: 200, WalkDepth: 100, Seed: seed}
				c := repeatable{source: func() (model.Source, error) { return shipped.Default().Build(catalog.Settings{Mutant: mutant}) }, options: o}
				sameDocuments(t, checker.Walk, c, 1, 4, 3, 2)
			}
		})
	}
}
