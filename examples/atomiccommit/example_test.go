package atomiccommit_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/atomiccommit"
)

// Three sites, none of which crashes. Since timers may fire at any time, a site may take a slow one for a crashed one,
// and three-phase commit does not survive that.
func ExampleSystem() {
	r := checker.BFS(context.Background(), atomiccommit.System(atomiccommit.Default), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// consistent violated
	// all commit example
	// all abort example
	// 4654 13353 23
}
