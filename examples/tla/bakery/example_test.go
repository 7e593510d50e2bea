package bakery_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/bakery"
)

func ExampleSource() {
	src, err := bakery.Source(bakery.Default)
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
	// holds the invariant is inductive
	// holds mutual exclusion
	// example in the critical section
	// 112160 520272 1
}
