package checker_test

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"synod/checker"
	"synod/examples/abd"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/examples/twophase"
	"synod/internal/raced"
	"synod/model"
)

var long = flag.Bool("long", false, "run the searches of many millions of states too")

// engines are the exhaustive searches: all visit the same states and transitions.
var engines = []struct {
	name   string
	search func(context.Context, model.Source, checker.Options) *checker.Result
	levels bool // Depth counts the states on the longest of the shortest paths
}{
	{"bfs", checker.BFS, true},
	{"dfs", checker.DFS, false},
}

// TestPublishedCounts compares with the figures that other model checkers publish for the same models.
func TestPublishedCounts(t *testing.T) {
	paxos := func(clients int) model.Source {
		return singledecree.System(registers.Config{Servers: 3, Clients: clients, Puts: 1})
	}
	commit := func(managers int) model.Source {
		src, err := twophase.Source(twophase.Config{Managers: managers})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	for _, c := range []struct {
		name                     string
		src                      model.Source
		unique, generated, depth int
		run                      bool
	}{
		{"paxos with 2 clients", paxos(2), 16_668, 32_971, 21, true},
		{"paxos with 3 clients", paxos(3), 1_194_428, 2_420_477, 28, !brief()},
		{"paxos with 6 clients", paxos(6), 9_357_525, 18_972_647, 28, *long},
		{"two-phase commit with 3 managers", commit(3), 288, 1_146, 11, true},
		{"two-phase commit with 5 managers", commit(5), 8_832, 58_146, 17, !raced.Detector},
		{
			"single copy with 1 server", singlecopy.System(registers.Config{Servers: 1, Clients: 2, Puts: 1}),
			93, 121, 9, true,
		},
		{"abd with 2 servers", abd.System(registers.Config{Servers: 2, Clients: 2, Puts: 1}), 544, 875, 25, true},
	} {
		for _, e := range engines {
			for _, workers := range raced.Workers(1, 2, 4) {
				t.Run(fmt.Sprintf("%s/%s/%d workers", c.name, e.name, workers), func(t *testing.T) {
					if !c.run {
						t.Skip("too large for this run")
					}
					r := e.search(t.Context(), c.src, checker.Options{Workers: workers, FinishWhen: checker.Exhausted})
					defer r.Close()
					r.Require(t)
					if r.Unique != c.unique || r.Generated != c.generated {
						t.Errorf("%d unique, %d generated; want %d, %d", r.Unique, r.Generated, c.unique, c.generated)
					}
					if e.levels && r.Depth != c.depth {
						t.Errorf("depth %d, want %d", r.Depth, c.depth)
					}
				})
			}
		}
	}
}

// TestPublishedVerdicts compares what else is published: two servers that share nothing are not linearizable, and the
// shortest way to a chosen value has 8 actions.
func TestPublishedVerdicts(t *testing.T) {
	for _, workers := range raced.Workers(1, 4) {
		o := checker.Options{Workers: workers}
		r := checker.BFS(t.Context(), singlecopy.System(singlecopy.Default), o)
		if p := property(t, r, "linearizable"); p.Verdict != checker.Violated {
			t.Errorf("%d workers: two single copies: %q is %v", workers, p.Name, p.Verdict)
		}
		r.Close()
		r = checker.BFS(t.Context(), singledecree.System(singledecree.Default), o)
		if p := property(t, r, "value chosen"); p.Verdict != checker.Example || len(p.Path.Steps) != 8 {
			t.Errorf("%d workers: %q is %v, by %v", workers, p.Name, p.Verdict, p.Path)
		}
		r.Close()
	}
}

func property(t *testing.T, r *checker.Result, name string) checker.PropertyResult {
	t.Helper()
	for _, p := range r.Properties {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no property %q; %v", name, r.Err)
	return checker.PropertyResult{}
}
