package lease_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/lease"
)

// Two clients, of which only one holds the lock at a time, as long as clocks do what the boundary says.
func ExampleSystem() {
	r := checker.BFS(context.Background(), lease.System(lease.Default), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// mutual exclusion holds
	// the lock is held example
	// a lease ends by time example
	// 3463 5895 17
}
