package voteproof_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/voteproof"
)

func ExampleSource() {
	src, err := voteproof.Source(voteproof.Default)
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
	// holds votes are safe
	// example chosen
	// holds consensus
	// 6962 27727 14
}
