package checker_test

import (
	"encoding/json"
	"testing"

	"synod/checker"
	"synod/checker/report"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/internal/raced"
	"synod/model"
)

// TestDocumentRepeats makes the same check several times: all but Runtime must be equal. Nothing that a search finds
// may be missing from the whole, either.
func TestDocumentRepeats(t *testing.T) {
	type search func(t *testing.T, src model.Source, o checker.Options) *checker.Result
	bfs := func(t *testing.T, src model.Source, o checker.Options) *checker.Result {
		return checker.BFS(t.Context(), src, o)
	}
	dfs := func(t *testing.T, src model.Source, o checker.Options) *checker.Result {
		return checker.DFS(t.Context(), src, o)
	}
	walk := func(t *testing.T, src model.Source, o checker.Options) *checker.Result {
		return checker.Walk(t.Context(), src, o)
	}
	first := checker.Options{Walks: 50, FinishWhen: checker.FirstViolation}
	holds, violated := singledecree.System(singledecree.Default), singlecopy.System(singlecopy.Default)
	for name, c := range map[string]struct {
		search  search
		src     model.Source
		options checker.Options
		workers []int
	}{
		"bfs":                {bfs, holds, checker.Options{}, []int{1, 2, 4, 4}},
		"bfs, violated":      {bfs, violated, checker.Options{}, []int{1, 2, 4, 4}},
		"bfs, depth":         {bfs, holds, checker.Options{MaxDepth: 7}, []int{1, 2, 4, 4}},
		"bfs, states":        {bfs, holds, checker.Options{MaxStates: 900}, []int{1, 2, 4, 4}},
		"dfs, one worker":    {dfs, holds, checker.Options{}, []int{1, 1}},
		"dfs, several":       {dfs, holds, checker.Options{}, []int{2, 4, 4, 4}},
		"dfs, violated":      {dfs, violated, checker.Options{FinishWhen: checker.FirstViolation}, []int{1, 1}},
		"dfs, states":        {dfs, holds, checker.Options{MaxStates: 900}, []int{4, 4, 4}},
		"walk":               {walk, holds, checker.Options{Walks: 50, Seed: 3}, []int{1, 2, 4, 4}},
		"walk, violated":     {walk, violated, first, []int{2, 4, 4, 4}},
		"walk, one worker":   {walk, violated, first, []int{1, 1}},
		"walk, not repeated": {walk, violated, checker.Options{Walks: 50, FinishWhen: checker.Exhausted}, []int{1, 2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			text := ""
			if raced.Detector {
				c.workers = c.workers[len(c.workers)-1:] // one run races; equal ones are looked for without the detector
			}
			for _, workers := range c.workers {
				c.options.Workers = workers
				r := c.search(t, c.src, c.options)
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				d := report.Of(r)
				checkWhole(t, r, d)
				r.Close()
				d.Runtime = report.RuntimeDocument{}
				again, err := json.MarshalIndent(d, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				if text == "" {
					text = string(again)
				} else if text != string(again) {
					t.Fatalf("%d workers: the document differs\n%s\nfrom that of the first run\n%s", workers, again, text)
				}
			}
		})
	}
}

// checkWhole makes sure that counts, work and traces stand somewhere in a document.
func checkWhole(t *testing.T, r *checker.Result, d report.Document) {
	t.Helper()
	partial := report.PartialDocument{}
	if d.Runtime.Partial != nil {
		partial = *d.Runtime.Partial
	}
	counts, work := d.Counts, d.Work
	if partial.Counts != nil {
		counts = partial.Counts
	}
	if partial.Work != nil {
		work = partial.Work
	}
	traces := len(partial.Traces)
	for _, p := range d.Properties {
		if p.Trace != nil {
			traces++
		}
	}
	if counts == nil || counts.Unique != r.Unique || counts.Generated != r.Generated ||
		max(counts.Depth, partial.Depth) != r.Depth {
		t.Errorf("counts %+v, partial depth %d; want %d, %d, %d", counts, partial.Depth, r.Unique, r.Generated, r.Depth)
	}
	if work == nil || work.HandlerCalls != r.Space.HandlerCalls || len(work.Slots) != len(r.Space.Slots) {
		t.Errorf("work %+v", work)
	}
	if traces != len(r.Traces()) {
		t.Errorf("%d traces, want %d", traces, len(r.Traces()))
	}
}

// TestDocumentError makes sure that a check that could not be made has a document as well.
func TestDocumentError(t *testing.T) {
	c := singledecree.Default
	c.Clients = 0
	r := checker.BFS(t.Context(), singledecree.System(c), checker.Options{})
	defer r.Close()
	d := report.Of(r)
	if d.Error == "" || d.Exit != checker.ExitUsage || d.Exhausted || d.Properties == nil {
		t.Errorf("%+v", d)
	}
}
