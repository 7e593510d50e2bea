package tokenring_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tokenring"
)

// Three nodes, twice round.
func ExampleSystem() {
	r := checker.BFS(context.Background(), tokenring.System(tokenring.Default), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// mutual exclusion holds
	// the token is home example
	// 14 14 14
}
