package atd_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/atd"
)

func ExampleSource() {
	src, err := atd.Source(atd.Default)
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
	// holds terminated for good
	// example termination detected
	// holds termination is detected
	// 4097 45079 14
}
