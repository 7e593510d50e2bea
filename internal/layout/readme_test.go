package layout

import (
	"testing"

	"synod/checker"
	"synod/examples/singledecree"
)

// TestPaxos is the check in three lines that the README shows.
func TestPaxos(t *testing.T) {
	r := checker.BFS(t.Context(), singledecree.System(singledecree.Default), checker.Options{})
	defer r.Close()
	r.Require(t)
}
