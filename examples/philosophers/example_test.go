package philosophers_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/philosophers"
)

// Three philosophers who all take the left fork first may eat, or may wait for ever.
func ExampleSystem() {
	r := checker.BFS(context.Background(), philosophers.System(philosophers.Default), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// neighbours do not eat at once holds
	// all have eaten example
	// nobody waits for ever violated
	// 422 955 22
}
