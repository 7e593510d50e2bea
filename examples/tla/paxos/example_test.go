package paxos_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/paxos"
)

func ExampleSource() {
	src, err := paxos.Source(paxos.Default)
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
	// holds one value is chosen
	// holds acceptors keep their last vote
	// example chosen
	// holds consensus
	// 3921 22995 17
}
