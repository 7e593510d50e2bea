package ewd840_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/ewd840"
)

func ExampleSource() {
	src, err := ewd840.Source(ewd840.Default)
	if err != nil {
		panic(err)
	}
	r := checker.BFS(context.Background(), src, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Verdict, p.Name)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// holds detected only if terminated
	// holds Dijkstra's invariant
	// example termination detected
	// holds termination is detected
	// 302 1817 9
}
