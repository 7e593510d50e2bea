package abd_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/abd"
)

func ExampleSystem() {
	r := checker.BFS(context.Background(), abd.System(abd.Default), checker.Options{})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// linearizable holds
	// value chosen example
	// 544 875 25
}
