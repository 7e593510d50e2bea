package singlecopy_test

import (
	"testing"

	"synod/checker"
	"synod/examples/singlecopy"
	"synod/internal/raced"
)

// TestOneServer compares with the published counts: one server is linearizable.
func TestOneServer(t *testing.T) {
	c := singlecopy.Default
	c.Servers = 1
	for _, workers := range raced.Workers(1, 4) {
		r := checker.BFS(t.Context(), singlecopy.System(c), checker.Options{Workers: workers})
		r.Require(t)
		if r.Unique != 93 || r.Generated != 121 || r.Depth != 9 {
			t.Errorf("%d unique, %d generated, depth %d; want 93, 121, 9", r.Unique, r.Generated, r.Depth)
		}
		r.Close()
	}
}

// TestTwoServers makes sure that two servers that know nothing of one another are caught.
func TestTwoServers(t *testing.T) {
	r := checker.BFS(t.Context(), singlecopy.System(singlecopy.Default), checker.Options{})
	defer r.Close()
	if r.ExitCode() != checker.ExitViolated {
		t.Fatalf("exit code %d, want %d; %v", r.ExitCode(), checker.ExitViolated, r.Err)
	}
	if p := r.Properties[0]; p.Name != "linearizable" || p.Verdict != checker.Violated {
		t.Errorf("%s is %s", p.Name, p.Verdict)
	}
}
