package abd_test

import (
	"testing"

	"synod/checker"
	"synod/examples/abd"
	"synod/model"
	"synod/network"
)

// TestCounts compares with the published counts, at one and at several workers.
func TestCounts(t *testing.T) {
	for _, workers := range []int{1, 4} {
		r := checker.BFS(t.Context(), abd.System(abd.Default), checker.Options{Workers: workers})
		r.Require(t)
		if r.Unique != 544 || r.Generated != 875 || r.Depth != 25 {
			t.Errorf("%d unique, %d generated, depth %d; want 544, 875, 25", r.Unique, r.Generated, r.Depth)
		}
		r.Close()
	}
}

// TestHolds checks other systems that are linearizable.
func TestHolds(t *testing.T) {
	for _, c := range []abd.Config{
		{Servers: 2, Clients: 3, Puts: 1},
		{Servers: 2, Clients: 2, Puts: 1, Config: model.Config{Network: network.Ordered}},
		{Servers: 2, Clients: 2, Puts: 1, Config: model.Config{Lossy: true}},
	} {
		r := checker.BFS(t.Context(), abd.System(c), checker.Options{})
		r.Require(t)
		t.Logf("%+v: %d unique, %d generated, depth %d", c, r.Unique, r.Generated, r.Depth)
		r.Close()
	}
}
