package singledecree_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/singledecree"
)

func ExampleSystem() {
	r := checker.BFS(context.Background(), singledecree.System(singledecree.Default), checker.Options{})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// linearizable holds
	// agreement holds
	// no answer contradicts a decision holds
	// value chosen example
	// 16668 32971 21
}
