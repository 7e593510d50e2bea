package acp_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/acp"
)

func ExampleSource() {
	src, err := acp.Source(acp.Default)
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
	// holds all who decide agree
	// holds commit only if all vote yes
	// holds abort only for a reason
	// example all commit
	// 4284 13928 19
}
