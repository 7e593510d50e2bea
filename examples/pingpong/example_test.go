package pingpong_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/pingpong"
)

// Ten hits, one after the other: a space of ten states.
func ExampleSystem() {
	r := checker.BFS(context.Background(), pingpong.System(pingpong.Default), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// hits alternate holds
	// the ball is out example
	// 10 10 10
}
