package nbacc_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/nbacc"
)

func ExampleSource() {
	src, err := nbacc.Source(nbacc.Default)
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
	// holds no commit after a no
	// example all commit
	// example one commits, another aborts
	// 3016 48296 7
}
