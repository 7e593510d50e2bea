package paxoscommit_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/paxoscommit"
)

func ExampleSource() {
	src, err := paxoscommit.Source(paxoscommit.Default)
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
	// holds consistent
	// example all commit
	// example a manager aborts that was prepared
	// 1461 8789 15
}
