package atomiccommit_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/atomiccommit"
)

// Three sites, of which one may crash. Only where timers outlast messages does a site that hears nothing know that
// another one crashed.
func ExampleSystem() {
	r := checker.BFS(context.Background(), atomiccommit.System(atomiccommit.Default), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// consistent holds
	// nobody waits for a crashed site holds
	// all commit example
	// all abort example
	// 84 135 16
}
